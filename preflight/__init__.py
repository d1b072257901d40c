"""What can be known before an ``up`` begins: a table, each line passed or with the way out. Changes nothing.

``python -m preflight --stack dev``. Creating a pool takes a quarter of an hour and is billed from its first minute, so
whatever would make the run fail halfway is worth a minute before it.
"""
