"""Custody of a security domain, from the command line: ``python -m ceremony --help``.

The format of the file is implemented here a second time and on its own: the local Azure, which plays the service, has
its implementation, and the tests let the two judge each other.
"""
