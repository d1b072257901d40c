"""The Pulumi engine on this machine: found on PATH, installed from its maker, or built from its Go module.

Everything but `language_host` uses the standard library alone, because `python3 -m local_azure.engine` runs while the
project's own environment is still being made.
"""
