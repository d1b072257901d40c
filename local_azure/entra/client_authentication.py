"""How an application proves itself at the token endpoint: secret, certificate, or another issuer's token.

Sources: "Microsoft identity platform and the OAuth 2.0 client credentials flow", "Microsoft identity platform
application authentication certificate credentials", "Workload identity federation", RFC 7523.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.core.world import TENANT_ID, World
from local_azure.entra import issuers
from local_azure.entra.directory import Application, application, secret_hash
from local_azure.entra.errors import EntraError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_AUTHORITIES = ("login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn")
"""Of the public cloud, Azure Government and Azure in China."""
_ALGORITHMS = ["RS256", "PS256"]


def authenticate(world: World, form: Mapping[str, str]) -> Application:
    """The application that the form's credential proves. Raises EntraError."""
    client_id = form.get("client_id")
    if not client_id:
        raise EntraError(
            400, "invalid_request", 900144, "The request body must contain the following parameter: 'client_id'."
        )
    found = application(world, client_id)
    if found is None:
        raise EntraError(
            400,
            "unauthorized_client",
            700016,
            f"Application with identifier '{client_id}' was not found in the directory 'Contoso'.",
        )
    if "client_secret" in form:
        _check_secret(world, found, form["client_secret"])
    elif "client_assertion" in form:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise EntraError(400, "invalid_request", 50027, "The client_assertion_type is not supported.")
        _check_assertion(world, found, form["client_assertion"])
    else:
        raise EntraError(
            401,
            "invalid_client",
            7000218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    return found


def _check_secret(world: World, found: Application, secret: str) -> None:
    given = secret_hash(secret)
    added = [each for each in found.passwords if hmac.compare_digest(given, each["hash"])]
    if added and datetime.fromisoformat(added[0]["endDateTime"]) <= world.clock.now():
        raise EntraError(
            401,
            "invalid_client",
            7000222,
            f"The provided client secret keys for app '{found.app_id}' are expired.",
        )
    if not added and not any(hmac.compare_digest(given, known) for known in found.secret_hashes):
        raise EntraError(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value,"
            f" not the client secret ID, for a secret added to app '{found.app_id}'.",
        )


def _check_assertion(world: World, found: Application, assertion: str) -> None:
    try:
        header = jwt.get_unverified_header(assertion)
        content: dict[str, Any] = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise _invalid(50027, "JWT token is invalid or malformed.") from None
    if content.get("iss") == content.get("sub") == found.app_id:
        _check_certificate(world, found, assertion, header)
    else:
        _check_federated(world, found, assertion, content)


def _check_certificate(world: World, found: Application, assertion: str, header: Mapping[str, Any]) -> None:
    # RFC 7515 has them without padding, MSAL sends them with it.
    named = {str(header.get(name, "")).rstrip("=") for name in ("x5t", "x5t#S256")}
    for encoded in found.certificates:
        certificate = x509.load_der_x509_certificate(base64.b64decode(encoded))
        if _thumbprints(certificate) & named:
            break
    else:
        raise _invalid(
            700027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        )
    now = world.clock.now()
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise _invalid(700027, "The certificate used to sign the client assertion is expired.")
    public_key = certificate.public_key()
    if not isinstance(public_key, rsa.RSAPublicKey):
        raise _invalid(700027, "The certificate's key must be RSA.")
    _verify(world, assertion, public_key, _own_audiences())


def _check_federated(world: World, found: Application, assertion: str, content: Mapping[str, Any]) -> None:
    credentials = [each for each in found.federated if each["issuer"] == content.get("iss")]
    if not credentials:
        raise _invalid(
            700211,
            f"No matching federated identity record found for presented assertion issuer '{content.get('iss')}'.",
        )
    credentials = [each for each in credentials if each["subject"] == content.get("sub")]
    if not credentials:
        raise _invalid(
            700213,
            f"No matching federated identity record found for presented assertion subject '{content.get('sub')}'.",
        )
    public_key = issuers.public_key(world, str(content["iss"]))
    if public_key is None:
        raise _invalid(700212, f"The issuer '{content['iss']}' cannot be reached for its signing keys.")
    try:
        _verify(world, assertion, public_key, credentials[0]["audiences"])
    except jwt.InvalidAudienceError:
        raise _invalid(
            700212,
            f"No matching federated identity record found for presented assertion audience '{content.get('aud')}'.",
        ) from None


def _verify(world: World, assertion: str, key: rsa.RSAPublicKey, audiences: list[str]) -> None:
    try:
        content = jwt.decode(
            assertion,
            key,
            algorithms=_ALGORITHMS,
            audience=audiences,
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "aud"]},
        )
    except jwt.InvalidAudienceError:
        if audiences == _own_audiences():
            raise _invalid(700023, "Client assertion audience claim does not match Realm issuer.") from None
        raise
    except jwt.InvalidTokenError:
        raise _invalid(700027, "Client assertion failed signature validation.") from None
    now = world.clock.timestamp()
    if content["exp"] <= now or content.get("nbf", now) > now + 300:
        raise _invalid(700024, "Client assertion is not within its valid time range.")


def _thumbprints(certificate: x509.Certificate) -> set[str]:
    digests = (certificate.fingerprint(hashes.SHA1()), certificate.fingerprint(hashes.SHA256()))  # noqa: S303 - x5t is SHA-1
    return {base64.urlsafe_b64encode(digest).rstrip(b"=").decode() for digest in digests}


def _own_audiences() -> list[str]:
    bases = [f"https://{host}/{TENANT_ID}" for host in _AUTHORITIES]
    return [f"{base}{path}" for base in bases for path in ("/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "/")]


def _invalid(number: int, description: str) -> EntraError:
    return EntraError(401, "invalid_client", number, description)
