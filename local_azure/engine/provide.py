"""Provides an engine: takes the one that is there, else installs the official release, else builds the CLI."""

from local_azure.engine import cache
from local_azure.engine.build import build
from local_azure.engine.errors import BuildFailed, EngineError, NotReached
from local_azure.engine.install import install
from local_azure.engine.locate import Engine, Unusable, engine, in_cache, on_path
from local_azure.engine.progress import say


def provide() -> Engine:
    """The engine to use, made first if need be. Raises EngineError with one line when none can be had."""
    found = on_path()
    if isinstance(found, Engine):
        return found
    if isinstance(found, Unusable):
        say(f"not using the `pulumi` on PATH: {found.reason}")
    if in_cache() is None:
        with cache.making(lambda: say("another process is making the engine: waiting for it")):
            # It may have been made while this process waited.
            if in_cache() is None:
                _make(found)
    return engine()


def _make(found: Unusable | None) -> None:
    say("there is no Pulumi engine on this machine yet")
    try:
        install()
    except NotReached as not_reached:
        say(f"{not_reached}; building the CLI from its Go module instead")
        try:
            build()
        except BuildFailed as failure:
            reason = found.reason if found else "there is no `pulumi` on PATH"
            raise EngineError(
                f"no Pulumi engine: {reason}; {not_reached}; and it cannot be built: {failure}. "
                "Put a `pulumi` on PATH (https://www.pulumi.com/docs/install/), or mend one of these"
            ) from failure
