"""What can go wrong on the way to an engine. Each message is one line: what is wrong, and the way out."""


class EngineError(Exception):
    """No engine can be had; the message says why and what to do about it."""


class EngineNotFound(EngineError):
    """There is no usable engine on PATH nor in the cache."""


class NotReached(Exception):
    """The official download is not to be had from here; the message says why."""


class BuildFailed(Exception):
    """The CLI cannot be built here; the message says why."""
