"""An explicit list of routes, each a method, a path with placeholders and a function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from local_azure.core.http import Request, Response

Handler = Callable[[Request], Response]

_PLACEHOLDER = re.compile(r"\{(\w+)(:path)?\}")
_SLASHES = re.compile(r"/{2,}")


@dataclass(frozen=True)
class Route:
    """``{name}`` matches one path segment, ``{name:path}`` any number of them, none included."""

    method: str
    path: str
    handler: Handler


class Router:
    """Finds the first route that takes a request.

    Paths match without regard to case, repeated slashes and one slash at the end, as the Azure services do.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(route, _compile(route.path)) for route in routes]

    def find(self, request: Request) -> tuple[Handler, Request] | None:
        """The handler and the request with its placeholders filled, or None."""
        path = normal_path(request.path)
        for route, pattern in self._routes:
            if route.method == request.method and (match := pattern.fullmatch(path)):
                return route.handler, request.matched(match.groupdict())
        return None

    def route_of(self, request: Request) -> Route | None:
        """The route that takes the request, or None."""
        path = normal_path(request.path)
        return next(
            (route for route, pattern in self._routes if route.method == request.method and pattern.fullmatch(path)),
            None,
        )

    def knows_path(self, path: str) -> bool:
        """Whether any method is served at this path: tells 405 from 404."""
        return any(pattern.fullmatch(normal_path(path)) for _, pattern in self._routes)


def normal_path(path: str) -> str:
    """Single slashes, none at the end; the root stays ``/``."""
    return _SLASHES.sub("/", path).rstrip("/") or "/"


def _compile(path: str) -> re.Pattern[str]:
    pattern, end = "", 0
    for match in _PLACEHOLDER.finditer(path):
        pattern += re.escape(path[end : match.start()])
        pattern += f"(?P<{match[1]}>{'.*' if match[2] else '[^/]+'})"
        end = match.end()
    return re.compile(pattern + re.escape(path[end:]), re.IGNORECASE)
