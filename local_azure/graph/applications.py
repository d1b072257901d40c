"""App registrations: made, found, changed, deleted, and given client secrets, certificates and federated credentials.

Source: "Microsoft Graph REST API v1.0 reference": application, passwordCredential, keyCredential,
federatedIdentityCredential. A certificate's and a secret's own values are shown never, or once.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from local_azure.core.clock import iso
from local_azure.core.errors import NotPlayed, ServiceError
from local_azure.core.http import JsonObject, Request, Response, json_response
from local_azure.core.router import Handler, Route
from local_azure.core.world import World
from local_azure.entra import directory
from local_azure.entra.directory import Application
from local_azure.graph.bodies import not_found, required
from local_azure.graph.filters import matches

_CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#applications"
_TAKEN = ("displayName", "keyCredentials", "signInAudience")
_LIFETIME = timedelta(days=730)
"""Of a secret whose end is not given."""

_OfOne = Callable[[Request, Application], Response]


class Applications:
    """The routes of one directory's app registrations, which are named by object id or by ``appId``."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """All of them."""
        one = [
            ("GET", "", self._get),
            ("PATCH", "", self._update),
            ("DELETE", "", self._delete),
            ("POST", "/addPassword", self._add_password),
            ("POST", "/removePassword", self._remove_password),
            ("GET", "/federatedIdentityCredentials", self._list_federated),
            ("POST", "/federatedIdentityCredentials", self._federate),
        ]
        return [
            Route("GET", "/v1.0/applications", self._list),
            Route("POST", "/v1.0/applications", self._create),
            *(
                Route(method, f"/v1.0/applications{name}{path}", self._of_one(answer))
                for name in ("(appId='{app_id}')", "/{id}")
                for method, path, answer in one
            ),
        ]

    def _of_one(self, answer: _OfOne) -> Handler:
        return lambda request: answer(request, self._named(request))

    def _named(self, request: Request) -> Application:
        app_id = request.parameters.get("app_id")
        if app_id is not None:
            found = directory.application(self._world, app_id)
        else:
            by_id = {each.object_id: each for each in directory.applications(self._world)}
            found = by_id.get(request.parameters["id"].lower())
        if found is None:
            raise not_found(app_id or request.parameters["id"])
        return found

    def _list(self, request: Request) -> Response:
        shown = [self._shown(each) for each in directory.applications(self._world)]
        condition = request.query.get("$filter")
        selected = [each for each in shown if condition is None or matches(condition, each)]
        return json_response({"@odata.context": _CONTEXT, "value": selected})

    def _create(self, request: Request) -> Response:
        made = Application(str(uuid.uuid4()), display_name=required(request.json(), "displayName"))
        changed = _changed(made, request.json())
        directory.put_application(self._world, changed)
        return json_response({"@odata.context": f"{_CONTEXT}/$entity", **self._shown(changed)}, 201)

    def _get(self, request: Request, found: Application) -> Response:
        del request
        return json_response({"@odata.context": f"{_CONTEXT}/$entity", **self._shown(found)})

    def _update(self, request: Request, found: Application) -> Response:
        directory.put_application(self._world, _changed(found, request.json()))
        return Response(204)

    def _delete(self, request: Request, found: Application) -> Response:
        del request
        directory.delete_application(self._world, found.app_id)
        return Response(204)

    def _add_password(self, request: Request, found: Application) -> Response:
        given = request.json().get("passwordCredential") or {}
        if not isinstance(given, dict):
            raise ServiceError(400, "Request_BadRequest", "The property 'passwordCredential' must be an object.")
        now = self._world.clock.now()
        start = _moment(given.get("startDateTime"), now)
        secret = secrets.token_urlsafe(30)
        shown = {
            "displayName": given.get("displayName"),
            "endDateTime": iso(_moment(given.get("endDateTime"), start + _LIFETIME)),
            "hint": secret[:3],
            "keyId": str(uuid.uuid4()),
            "startDateTime": iso(start),
        }
        kept = {**shown, "hash": directory.secret_hash(secret)}
        directory.put_application(self._world, replace(found, passwords=[*found.passwords, kept]))
        return json_response({**shown, "secretText": secret})

    def _remove_password(self, request: Request, found: Application) -> Response:
        key_id = required(request.json(), "keyId").lower()
        left = [each for each in found.passwords if each["keyId"] != key_id]
        if len(left) == len(found.passwords):
            raise ServiceError(400, "Request_BadRequest", "No password credential found with keyId.")
        directory.put_application(self._world, replace(found, passwords=left))
        return Response(204)

    def _list_federated(self, request: Request, found: Application) -> Response:
        del request
        return json_response({"@odata.context": f"{_CONTEXT}/federatedIdentityCredentials", "value": found.federated})

    def _federate(self, request: Request, found: Application) -> Response:
        body = request.json()
        credential: JsonObject = {
            "id": str(uuid.uuid4()),
            "name": required(body, "name"),
            "issuer": required(body, "issuer"),
            "subject": required(body, "subject"),
            "audiences": body.get("audiences") or ["api://AzureADTokenExchange"],
        }
        if any(
            (each["issuer"], each["subject"]) == (credential["issuer"], credential["subject"])
            for each in found.federated
        ):
            raise ServiceError(
                409, "Request_MultipleObjectsWithSameKeyValue", "FederatedIdentityCredential already exists."
            )
        directory.put_application(self._world, replace(found, federated=[*found.federated, credential]))
        return json_response(credential, 201)

    def _shown(self, application: Application) -> JsonObject:
        principal = directory.service_principal_of(self._world, application.app_id)
        hidden = ("hash",)
        return {
            "id": application.object_id,
            "appId": application.app_id,
            "displayName": application.display_name or (principal.display_name if principal else ""),
            "identifierUris": [],
            "signInAudience": "AzureADMyOrg",
            "passwordCredentials": [
                {name: value for name, value in each.items() if name not in hidden} for each in application.passwords
            ],
            "keyCredentials": [_key_credential(encoded) for encoded in application.certificates],
        }


def _changed(application: Application, body: JsonObject) -> Application:
    """The registration with what the body says. Raises ServiceError 400; NotPlayed for what is not kept here."""
    for name, value in body.items():
        if name not in _TAKEN and value not in (None, [], {}):
            raise NotPlayed(f"the property '{name}' of an application")
    if body.get("signInAudience") not in (None, "AzureADMyOrg"):
        raise NotPlayed("applications for more than one directory (signInAudience)")
    if "displayName" in body:
        application = replace(application, display_name=required(body, "displayName"))
    if "keyCredentials" in body:
        keys = body["keyCredentials"]
        if not isinstance(keys, list):
            raise ServiceError(400, "Request_BadRequest", "The property 'keyCredentials' must be an array.")
        application = replace(application, certificates=[_certificate(application, key) for key in keys])
    return application


def _certificate(application: Application, credential: object) -> str:
    """The base64 DER in one of ``keyCredentials``: given, or one that is there already, by its ``keyId``."""
    given = credential if isinstance(credential, dict) else {}
    for encoded in application.certificates:
        if given.get("key") is None and given.get("keyId") == _key_credential(encoded)["keyId"]:
            return encoded
    try:
        # Azure reads base64 as .NET does, which takes line breaks in it.
        text = "".join(str(given.get("key")).split())
        x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    except ValueError:
        raise ServiceError(400, "Request_BadRequest", "Key credential must have a valid certificate.") from None
    return text


def _key_credential(encoded: str) -> JsonObject:
    certificate = x509.load_der_x509_certificate(base64.b64decode(encoded))
    thumbprint = certificate.fingerprint(hashes.SHA1())  # noqa: S303 - Graph names certificates so
    return {
        "customKeyIdentifier": thumbprint.hex().upper(),
        "displayName": certificate.subject.rfc4514_string(),
        "endDateTime": iso(certificate.not_valid_after_utc),
        "key": None,
        "keyId": str(uuid.uuid5(uuid.NAMESPACE_OID, thumbprint.hex())),
        "startDateTime": iso(certificate.not_valid_before_utc),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def _moment(text: object, default: datetime) -> datetime:
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise ServiceError(400, "Request_BadRequest", f"The moment '{text}' is not one of ISO 8601.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=default.tzinfo)
