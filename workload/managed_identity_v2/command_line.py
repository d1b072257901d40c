"""A bound token from the command line, and one call with it: what happened, as JSON; the token is never shown."""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest, HttpResponse

from .credential import ManagedIdentityV2Credential
from .policy import bound_client_options
from .token_cache import BoundToken

_SCOPE = "https://vault.azure.net/.default"
_FAILED, _REFUSED = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """0: got the token, and the resource's answer where one was asked; 1: no token or no answer; 2: a refusal."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if bool(options.pkcs11_module) != bool(options.pkcs11_token):
        parser.error("--pkcs11-module and --pkcs11-token go together")
    try:
        with _telling(options.verbose):
            return _run(options)
    except (AzureError, ValueError, OSError) as error:
        print(f"error: {getattr(error, 'message', None) or error}", file=sys.stderr)
        return _FAILED


@contextlib.contextmanager
def _telling(verbose: bool) -> Iterator[None]:
    """What this package says of its steps, and nothing that others log of requests: tokens are in those."""
    log, handler = logging.getLogger(__package__), logging.StreamHandler(sys.stderr)
    before = log.level
    log.setLevel(logging.INFO if verbose else logging.WARNING)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


def _run(options: argparse.Namespace) -> int:
    scope = options.scope if options.scope.endswith("/.default") else f"{options.scope.rstrip('/')}/.default"
    if options.resource_url and urlsplit(options.resource_url).scheme != "https":
        raise ValueError("--resource-url must be an https URL: a token is sent by nothing else.")
    with ManagedIdentityV2Credential(
        client_id=options.client_id,
        object_id=options.object_id,
        resource_id=options.identity_resource_id,
        allow_version_1=options.allow_version_1,
        **_keys(options),
    ) as credential:
        token = credential.bound_token(scope)
        report = _described(token, scope)
        response = _called(credential, scope, options.resource_url) if options.resource_url else None
        if response is None:
            print(json.dumps(report, indent=2))
            return 0
        print(response.text() if options.body else json.dumps({**report, "resource": _answer(response)}, indent=2))
        if response.status_code >= 400:
            print(f"error: {_advice(response, token)}", file=sys.stderr)
            return _REFUSED
        return 0


def _keys(options: argparse.Namespace) -> dict[str, Any]:
    if options.pkcs11_module is None:
        return {}
    from .pkcs11_key import Pkcs11Key, Pkcs11Token

    token = Pkcs11Token(options.pkcs11_module, options.pkcs11_token, options.pkcs11_pin_file)
    key = Pkcs11Key(token, options.pkcs11_label)
    return {"keys": lambda: key}


def _called(credential: ManagedIdentityV2Credential, scope: str, url: str) -> HttpResponse:
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}"
    client: PipelineClient[Any, Any] = PipelineClient(base, **bound_client_options(credential, scope))
    with client:
        response: HttpResponse = client.send_request(HttpRequest("GET", url))
        return response


def _described(token: BoundToken, scope: str) -> dict[str, Any]:
    found: dict[str, Any] = {"scope": scope, "tokenType": token.token_type, "expiresOn": _moment(token.expires_on)}
    if token.binding is None:
        return found
    binding = token.binding
    confirmed = _claims(token.token).get("cnf")
    return {
        **found,
        "clientId": binding.client_id,
        "tenantId": binding.tenant_id,
        "tokenEndpoint": binding.token_endpoint,
        "certificate": {"x5t#S256": binding.thumbprint, "validUntil": _moment(binding.valid_until)},
        "boundToCertificate": isinstance(confirmed, dict) and confirmed.get("x5t#S256") == binding.thumbprint,
    }


def _answer(response: HttpResponse) -> dict[str, Any]:
    """Not the body: it may be a secret."""
    return {"url": response.url, "status": response.status_code, "bytes": len(response.content)}


def _advice(response: HttpResponse, token: BoundToken) -> str:
    said = f"{urlsplit(response.url).hostname} answered {response.status_code}"
    if response.status_code == 403:
        who = "the identity" if token.binding is None else f"the identity with client id {token.binding.client_id}"
        return f"{said}: token and binding are good, but {who} may not do this; give it a role or an access policy"
    if response.status_code == 401:
        return (
            f"{said}: it does not take this token; check that the scope is this resource's, and that it takes mtls_pop"
        )
    return f"{said}{_reason(response)}"


def _reason(response: HttpResponse) -> str:
    try:
        error = response.json()["error"]
        return f": {error['code']} {error['message']}"
    except (ValueError, KeyError, TypeError):
        return ""


def _claims(token: str) -> dict[str, Any]:
    """For show: whether they are true is the resource's to say."""
    parts = token.split(".")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, IndexError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="managed_identity_v2",
        description="Gets a token of this machine's managed identity, bound to a certificate, and calls with it.",
        epilog="See docs/managed-identity-v2.md.",
    )
    parser.add_argument("--scope", default=_SCOPE, help="resource or <resource>/.default (default: %(default)s)")
    parser.add_argument("--resource-url", metavar="URL", help="what to GET with the token")
    parser.add_argument("--body", action="store_true", help="print the resource's answer, which may be a secret")
    parser.add_argument("-v", "--verbose", action="store_true", help="say each step")
    parser.add_argument("--allow-version-1", action="store_true", help="take an unbound token where it must be")
    identity = parser.add_mutually_exclusive_group()
    identity.add_argument("--client-id", help="of a user-assigned identity")
    identity.add_argument("--object-id", help="of a user-assigned identity")
    identity.add_argument("--identity-resource-id", metavar="ID", help="ARM id of a user-assigned identity")
    hardware = parser.add_argument_group("key in hardware (PKCS#11)")
    hardware.add_argument("--pkcs11-module", metavar="FILE", help="the library, such as that of a TPM")
    hardware.add_argument("--pkcs11-token", metavar="LABEL", help="label of the token")
    hardware.add_argument("--pkcs11-label", metavar="LABEL", default="managed-identity-v2", help="of the key")
    hardware.add_argument("--pkcs11-pin-file", metavar="FILE", help="holds the user's PIN; mode 0600")
    return parser
