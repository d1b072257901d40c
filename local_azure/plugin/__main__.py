"""``python -m local_azure.plugin``: what the engine starts, through the shim that :mod:`.install` lays out."""

from __future__ import annotations

from local_azure.plugin.server import serve

if __name__ == "__main__":
    serve()
