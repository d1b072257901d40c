"""Where `pulumi-language-python` comes in."""

import sys
from typing import NoReturn


def start() -> NoReturn:
    """Serves; says in one line what is missing where the Pulumi SDK is not installed."""
    try:
        from .server import main
    except ModuleNotFoundError as error:
        sys.exit(
            f"error: the Python of this project, {sys.executable}, has no module {error.name}: install "
            "requirements.txt into .venv (`make up` does), or put the bin directory of its environment first on PATH"
        )
    main()
