"""The local Azure: every service that the program talks to, played on this machine.

The product never imports this package, and nothing in the product knows that it exists.
"""
