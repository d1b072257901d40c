"""login.microsoftonline.com, and the issuer of GitHub Actions beside it.

Sources: "OpenID Connect on the Microsoft identity platform", "Microsoft identity platform and the OAuth 2.0
client credentials flow", MSAL's instance discovery.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from local_azure.core.errors import NotPlayed
from local_azure.core.http import JsonObject, Request, Response, json_response
from local_azure.core.router import Route, Router
from local_azure.core.world import TENANT_ID, World
from local_azure.entra import directory, issuers, mutual_tls, tokens
from local_azure.entra.client_authentication import authenticate
from local_azure.entra.errors import EntraError

HOSTS = ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net")
_AUTHORITY = "https://login.microsoftonline.com"
_SIGN_IN_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})
_SHARED_TENANTS = ("common", "organizations", "consumers")

RESOURCES = (
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://graph.microsoft.com",
    "https://managedhsm.azure.net",
    "https://vault.azure.net",
    "https://storage.azure.com",
    "https://eventhubs.azure.net",
    "https://api.loganalytics.io",
    "https://monitor.azure.com",
)
"""Resources whose service principal every tenant has; tokens for anything else are refused."""


class EntraService:
    """The tenant's token endpoint and its metadata."""

    name = "Entra ID"

    def __init__(self, world: World) -> None:
        self._world = world
        directory.seed(world)
        self._router = Router(
            [
                Route("GET", "/common/discovery/instance", self._instance_discovery),
                Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", self._metadata_v2),
                Route("GET", "/{tenant}/.well-known/openid-configuration", self._metadata_v1),
                Route("GET", "/{tenant}/discovery/v2.0/keys", self._keys),
                Route("GET", "/{tenant}/discovery/keys", self._keys),
                Route("POST", "/{tenant}/oauth2/v2.0/token", self._token_v2),
                Route("POST", "/{tenant}/oauth2/token", self._token_v1),
            ]
        )
        self._mutual_tls = Router([Route("POST", "/{tenant}/oauth2/v2.0/token", self._token_by_certificate)])
        self._github = Router(
            [
                Route("GET", "/.well-known/openid-configuration", self._github_metadata),
                Route("GET", "/.well-known/jwks", self._github_keys),
            ]
        )

    def plays(self, host: str) -> bool:
        """Whether the host is one of Entra ID's, or GitHub's token issuer."""
        return host in HOSTS or host == issuers.GITHUB_HOST or mutual_tls.is_host(host)

    def asks_for_client_certificate(self, host: str) -> bool:
        """Whether the host gives tokens for certificates."""
        return mutual_tls.is_host(host)

    def handle(self, request: Request) -> Response:
        """Answers one request."""
        router = self._router
        if request.host == issuers.GITHUB_HOST:
            router = self._github
        elif mutual_tls.is_host(request.host):
            router = self._mutual_tls
        found = router.find(request)
        if found is None:
            raise NotPlayed(f"{request.method} {request.host}{request.path}")
        handler, matched = found
        return handler(matched)

    def _instance_discovery(self, request: Request) -> Response:
        del request
        return json_response(
            {
                "tenant_discovery_endpoint": f"{_AUTHORITY}/common/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [
                    {
                        "preferred_network": "login.microsoftonline.com",
                        "preferred_cache": "login.windows.net",
                        "aliases": list(HOSTS),
                    }
                ],
            }
        )

    def _metadata_v2(self, request: Request) -> Response:
        tenant = _tenant(request)
        return json_response(_metadata(tenant, f"{_AUTHORITY}/{tenant}/v2.0", "oauth2/v2.0", "discovery/v2.0"))

    def _metadata_v1(self, request: Request) -> Response:
        return json_response(_metadata(_tenant(request), tokens.ISSUER, "oauth2", "discovery"))

    def _keys(self, request: Request) -> Response:
        _tenant(request)
        return json_response(tokens.key_set(tokens.signing_key(self._world, "tenant")))

    def _token_v2(self, request: Request) -> Response:
        form, resource = _asked_for(request)
        return self._answer(form, resource, expires_as_text=False)

    def _token_by_certificate(self, request: Request) -> Response:
        form, resource = _asked_for(request)
        _known(resource)
        return mutual_tls.token(self._world, request, form, resource)

    def _token_v1(self, request: Request) -> Response:
        form = _form(request)
        _own_tenant(request)
        _client_credentials(form)
        if not form.get("resource"):
            raise _missing("resource")
        return self._answer(form, form["resource"], expires_as_text=True)

    def _answer(self, form: dict[str, str], resource: str, *, expires_as_text: bool) -> Response:
        client = authenticate(self._world, form)
        _known(resource)
        principal = directory.service_principal_of(self._world, client.app_id)
        if principal is None:
            raise EntraError(
                401, "invalid_client", 7000229, f"The client application {client.app_id} has no service principal."
            )
        evidence = "2" if "client_assertion" in form else "1"
        token = tokens.issue(self._world, principal, resource, claims={"appidacr": evidence})
        body: JsonObject = {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token}
        if expires_as_text:
            now = int(self._world.clock.timestamp())
            times = {"expires_in": 3599, "ext_expires_in": 3599, "expires_on": now + 3600, "not_before": now}
            body |= {name: str(value) for name, value in times.items()} | {"resource": resource}
        return json_response(body, headers={"Cache-Control": "no-store"})

    def _github_metadata(self, request: Request) -> Response:
        del request
        return json_response({"issuer": issuers.GITHUB, "jwks_uri": f"{issuers.GITHUB}/.well-known/jwks"})

    def _github_keys(self, request: Request) -> Response:
        del request
        return json_response(tokens.key_set(tokens.signing_key(self._world, "github")))


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _asked_for(request: Request) -> tuple[dict[str, str], str]:
    """The form of a request to the second version of the endpoint, and the resource that its scope names."""
    form = _form(request)
    _own_tenant(request)
    _client_credentials(form)
    scope = form.get("scope")
    if not scope:
        raise _missing("scope")
    # MSAL for Go asks for the scopes of sign-ins too; where nobody signs in they are let pass, and mean nothing.
    wanted = [each for each in scope.split() if each not in _SIGN_IN_SCOPES]
    scope = wanted[0] if len(wanted) == 1 else scope
    if not scope.endswith("/.default"):
        raise EntraError(
            400,
            "invalid_scope",
            1002012,
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value"
            " with /.default suffixed to the resource identifier (application ID URI).",
        )
    return form, scope.removesuffix("/.default")


def _known(resource: str) -> None:
    if resource.rstrip("/") not in RESOURCES:
        raise EntraError(
            400,
            "invalid_resource",
            500011,
            f"The resource principal named {resource} was not found in the tenant named Contoso. This can happen if"
            " the application has not been installed by the administrator of the tenant.",
        )


def _tenant(request: Request) -> str:
    tenant = request.parameters["tenant"].lower()
    if tenant in (TENANT_ID, "contoso.onmicrosoft.com", *_SHARED_TENANTS):
        return TENANT_ID if tenant == "contoso.onmicrosoft.com" else tenant
    raise EntraError(
        400,
        "invalid_tenant",
        90002,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the"
        " correct cloud.",
    )


def _own_tenant(request: Request) -> None:
    if _tenant(request) in _SHARED_TENANTS:
        raise EntraError(
            400, "invalid_request", 50059, "No tenant-identifying information found in the request: name the tenant."
        )


def _client_credentials(form: dict[str, str]) -> None:
    grant = form.get("grant_type")
    if not grant:
        raise _missing("grant_type")
    if grant != "client_credentials":
        raise EntraError(
            400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'."
        )


def _missing(parameter: str) -> EntraError:
    return EntraError(
        400,
        "invalid_request",
        900144,
        f"The request body must contain the following parameter: '{parameter}'.",
    )


def _metadata(tenant: str, issuer: str, endpoints: str, keys: str) -> JsonObject:
    base = f"{_AUTHORITY}/{tenant}"
    return {
        "issuer": issuer,
        "token_endpoint": f"{base}/{endpoints}/token",
        "authorization_endpoint": f"{base}/{endpoints}/authorize",
        "device_authorization_endpoint": f"{base}/{endpoints}/devicecode",
        "end_session_endpoint": f"{base}/{endpoints}/logout",
        "jwks_uri": f"{base}/{keys}/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code", "id_token", "token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
        "tenant_region_scope": "NA",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
    }
