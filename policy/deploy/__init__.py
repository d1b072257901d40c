"""What was previewed is what runs: previews are recorded, and carried out only while nothing has moved since.

``python -m policy.deploy --help`` is the command. It relies on no plan of the engine's, which are experimental: it
previews again, and compares (docs/adr/0013-what-was-previewed-is-what-runs.md).
"""
