"""Azure Government and Azure operated by 21Vianet: the same Azure under other names.

What is said to one of their hosts is carried out by the services of the public cloud, with the names of both clouds
exchanged on the way in and on the way out. So a name of the public cloud leads nowhere from there, as on Azure. Both
see the same tenant and the same resources, which on Azure they do not.

Not played under these names: virtual machines (metadata service, private DNS), signatures of storage accounts, and
tokens bound to certificates.
Sources: the metadata of Azure's clouds (management hosts, ``/metadata/endpoints``), "Compare Azure Government and
global Azure", "Azure operated by 21Vianet: developer guide", and the table of clouds in azure-cli-core.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from local_azure.core.errors import NotPlayed, ServiceError
from local_azure.core.http import Request, Response, json_response
from local_azure.core.world import Service, World

_US_GOVERNMENT: Final = {
    "management.azure.com": "management.usgovcloudapi.net",
    "management.core.windows.net": "management.core.usgovcloudapi.net",
    "login.microsoftonline.com": "login.microsoftonline.us",
    "graph.microsoft.com": "graph.microsoft.us",
    "managedhsm.azure.net": "managedhsm.usgovcloudapi.net",
    "vault.azure.net": "vault.usgovcloudapi.net",
    "vaultcore.azure.net": "vaultcore.usgovcloudapi.net",
    "core.windows.net": "core.usgovcloudapi.net",
    "api.loganalytics.io": "api.loganalytics.us",
    "AzureCloud": "AzureUSGovernment",
}
_CHINA: Final = {
    "management.azure.com": "management.chinacloudapi.cn",
    "management.core.windows.net": "management.core.chinacloudapi.cn",
    "login.microsoftonline.com": "login.partner.microsoftonline.cn",
    "graph.microsoft.com": "microsoftgraph.chinacloudapi.cn",
    "managedhsm.azure.net": "managedhsm.azure.cn",
    "vault.azure.net": "vault.azure.cn",
    "vaultcore.azure.net": "vaultcore.azure.cn",
    "core.windows.net": "core.chinacloudapi.cn",
    "api.loganalytics.io": "api.loganalytics.azure.cn",
    "AzureCloud": "AzureChinaCloud",
}
_TEXT: Final = ("application/json", "application/xml", "application/x-www-form-urlencoded", "text/")
_SIGNED: Final = "authorization"
"""What is signed is not to be changed."""


class SovereignCloud:
    """Every service of the public cloud, under the names of another one."""

    name = "sovereign cloud"
    NAMES: ClassVar[Mapping[str, str]]
    """The other cloud's names by those of the public one."""
    ALSO: ClassVar[Mapping[str, str]] = {}
    """Further names that it answers to, with the public cloud's."""

    def __init__(self, world: World) -> None:
        # The list of services has this one in it.
        from local_azure.services import public_services

        self._services = public_services(world)
        exchanged = {**self.NAMES, **{there: here for here, there in self.NAMES.items()}, **self.ALSO}
        longest_first = sorted(exchanged, key=len, reverse=True)
        self._exchanged = {name.lower(): other for name, other in exchanged.items()}
        # A form has its slashes percent-encoded.
        begins = r"(?:(?<![A-Za-z0-9-])|(?<=%2F))"
        names = "|".join(map(re.escape, longest_first))
        self._name = re.compile(rf"{begins}({names})(?![A-Za-z0-9-])", re.IGNORECASE)

    def plays(self, host: str) -> bool:
        """Whether the host is this cloud's, and its namesake is played."""
        return self._inner(host) is not None

    def handle(self, request: Request) -> Response:
        """Answers one request; refusals too."""
        service = self._inner(request.host)
        if service is None:
            raise NotPlayed(f"the host {request.host}")
        response = _answer(
            service,
            replace(
                request,
                host=self._exchange(request.host),
                path=self._exchange(request.path),
                raw_path=self._exchange(request.raw_path),
                query={name: self._exchange(value) for name, value in request.query.items()},
                headers={
                    name: value if name == _SIGNED else self._exchange(value) for name, value in request.headers.items()
                },
                body=self._body(request.body, request.headers.get("content-type", "")),
            ),
        )
        headers = {name: self._exchange(value) for name, value in response.headers.items()}
        kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        return replace(response, headers=headers, body=self._body(response.body, kind))

    def _inner(self, host: str) -> Service | None:
        """Who plays the namesake; nobody where the host is none of this cloud's."""
        if not any(host == own or host.endswith(f".{own}") for own in (*self.NAMES.values(), *self.ALSO)):
            return None
        namesake = self._exchange(host)
        return next((service for service in self._services if service.plays(namesake)), None)

    def _exchange(self, text: str) -> str:
        return self._name.sub(lambda found: self._exchanged[found[1].lower()], text)

    def _body(self, body: bytes, kind: str) -> bytes:
        if not kind.lower().startswith(_TEXT):
            return body
        try:
            return self._exchange(body.decode()).encode()
        except UnicodeDecodeError:
            return body


def _answer(service: Service, request: Request) -> Response:
    try:
        return service.handle(request)
    except ServiceError as error:
        return json_response(error.body(), error.status, error.headers)


class UsGovernment(SovereignCloud):
    """Azure Government."""

    name = "Azure Government"
    NAMES = _US_GOVERNMENT


class China(SovereignCloud):
    """Azure operated by 21Vianet."""

    name = "Azure in China"
    NAMES = _CHINA
    # The SDK for Go, and so azure-native, still signs in there.
    ALSO: ClassVar = {"login.chinacloudapi.cn": "login.microsoftonline.com"}
