"""Who may do what in a pool: what it comes to, what is questionable in it, and how people get to see it.

``python -m access`` shows it. The modules ``model``, ``effective`` and ``findings`` are pure, so that the program, the
command and policies judge by the same words.
"""
