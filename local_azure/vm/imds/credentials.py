"""Version 2 of managed identities: a certificate for the machine's own key, in place of a token.

Sources: MSAL.NET, ``ManagedIdentity/V2/ImdsV2ManagedIdentitySource.cs`` with its request and response types, and
``docs/msi_v2/msiv2_revocation_spec.md`` (``bypass_cache``). That a second request for the same key gets the certificate
of the first follows from that parameter; nothing describes it.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.arm.resources import Stored
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Request, Response, json_response
from local_azure.core.world import TENANT_ID, World
from local_azure.entra import binding_certificates
from local_azure.entra.directory import Principal
from local_azure.vm.imds import attestation, certificate_request, errors, tokens

VERSION = "2.0"
_CACHE = "imds.certificates"


def platform_metadata(world: World, machine: Stored, request: Request) -> Response:
    """What a certificate request has to say."""
    _check_version(request)
    principal = tokens.identity(world, machine, request)
    return json_response(
        {
            "cuId": _compute_unit(machine),
            "clientId": principal.app_id,
            "tenantId": TENANT_ID,
            "attestationEndpoint": _attestation_endpoint(machine),
        }
    )


def issue(world: World, machine: Stored, request: Request) -> Response:
    """A certificate for the key of a request."""
    _check_version(request)
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        raise errors.invalid_request("The content type must be application/json")
    principal = tokens.identity(world, machine, request)
    body = _json(request)
    key = certificate_request.public_key_of(body.get("csr"), principal.app_id or "", TENANT_ID, _compute_unit(machine))
    attestation.check(world, body.get("attestation_token"), _attestation_endpoint(machine), key)
    return json_response(
        {
            "client_id": principal.app_id,
            "tenant_id": TENANT_ID,
            "certificate": base64.b64encode(_certificate(world, machine, principal, key, request)).decode(),
            "identity_type": "SystemAssigned" if _is_own(machine, principal) else "UserAssigned",
            "mtls_authentication_endpoint": f"https://{_region(machine)}.mtlsauth.microsoft.com",
        }
    )


def _certificate(world: World, machine: Stored, principal: Principal, key: rsa.RSAPublicKey, request: Request) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    digest = hashlib.sha256(key.public_bytes(serialization.Encoding.DER, form)).hexdigest()
    name = f"{machine.properties['vmId']}/{principal.object_id}/{digest}"
    cached = world.store.get(_CACHE, name)
    if cached is not None and request.query.get("bypass_cache", "").lower() != "true":
        der = base64.b64decode(cached["certificate"])
        if x509.load_der_x509_certificate(der).not_valid_after_utc > world.clock.now():
            return der
    der = binding_certificates.issue(world, principal, key)
    world.store.put(_CACHE, name, {"certificate": base64.b64encode(der).decode()})
    return der


def _check_version(request: Request) -> None:
    version = request.query.get("cred-api-version")
    if version is None:
        raise errors.missing("cred-api-version")
    if version != VERSION:
        raise errors.invalid_request(f"cred-api-version '{version}' is not supported")


def _json(request: Request) -> JsonObject:
    try:
        return request.json()
    except ServiceError as error:
        raise errors.invalid_request(error.message) from None


def _compute_unit(machine: Stored) -> JsonObject:
    return {"vmId": machine.properties["vmId"]}


def _attestation_endpoint(machine: Stored) -> str:
    return f"https://shared{_region(machine)}.{_region(machine)}.attest.azure.net"


def _region(machine: Stored) -> str:
    return machine.location.replace(" ", "").lower()


def _is_own(machine: Stored, principal: Principal) -> bool:
    own = machine.resource.get("identity", {}).get("principalId") or ""
    return str(own).lower() == principal.object_id.lower()
