"""A pool to talk to without sockets, raw or through the unmodified SDKs, and custodians who can open a file."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import io
import json
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.x509.oid import NameOID
from requests.adapters import BaseAdapter

from local_azure.core.errors import ServiceError
from local_azure.core.http import OUTSIDE, Origin, Request, json_response
from local_azure.core.world import TENANT_ID, World
from local_azure.entra import directory, tokens
from local_azure.managed_hsm import pools
from local_azure.managed_hsm.service import ManagedHsmService

API_VERSION = "7.5"
RESOURCE = "https://managedhsm.azure.net"


def make_pool(world: World, name: str = "az400popMHSM", **changes: Any) -> pools.Pool:
    """A live pool whose administrator is the deployer; not activated unless told so."""
    pool = pools.new_pool(
        world,
        name=name,
        arm_id=f"/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/managedHSMs/{name}",
        location="East US 2",
        tenant_id=TENANT_ID,
        initial_administrators=[directory.DEPLOYER_OBJECT_ID],
        retention_days=28,
        purge_protection=False,
        network={},
    )
    pools.create(world, pool)
    return pools.update(world, pool, **changes) if changes else pool


def token(world: World, object_id: str = directory.DEPLOYER_OBJECT_ID, audience: str = RESOURCE, **more: Any) -> str:
    """An access token of somebody in the directory."""
    principal = directory.principal(world, object_id)
    assert principal is not None
    return tokens.issue(world, principal, audience, **more)


@dataclass(frozen=True)
class Answer:
    """A response, or an error as it would be on the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])


@dataclass(frozen=True)
class Client:
    """Somebody who sends requests to a pool."""

    world: World
    host: str = "az400popmhsm.managedhsm.azure.net"
    object_id: str = directory.DEPLOYER_OBJECT_ID
    origin: Origin = OUTSIDE

    def send(self, method: str, path: str, body: object = None, *, headers: dict[str, str] | None = None) -> Answer:
        """One request with this caller's token, unless ``headers`` say otherwise."""
        if headers is None:
            headers = {"authorization": f"Bearer {token(self.world, self.object_id)}"}
        split = urlsplit(path)
        request = Request(
            method,
            self.host,
            unquote(split.path),
            dict(parse_qsl(split.query, keep_blank_values=True)) or {"api-version": API_VERSION},
            {"host": self.host, **headers},
            b"" if body is None else json.dumps(body).encode(),
            self.origin,
        )
        return answer(self.world, request)

    def acting_as(self, object_id: str) -> Client:
        """Somebody else at the same pool."""
        return Client(self.world, self.host, object_id, self.origin)

    def assign(self, role: str, principal_id: str, scope: str = "/", name: str | None = None) -> Answer:
        """Gives a role."""
        name = name or f"{secrets.token_hex(4)}-0000-4000-8000-{secrets.token_hex(6)}"
        prefix = "" if scope == "/" else scope
        return self.send(
            "PUT",
            f"{prefix}/providers/Microsoft.Authorization/roleAssignments/{name}",
            {
                "properties": {
                    "principalId": principal_id,
                    "roleDefinitionId": f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{role}",
                }
            },
        )


def answer(world: World, request: Request) -> Answer:
    """What the wire would carry."""
    try:
        response = ManagedHsmService(world).handle(request)
    except ServiceError as error:
        response = json_response(error.body(), error.status, error.headers)
    return Answer(response.status, response.headers, response.body)


class _Adapter(BaseAdapter):
    """Leads an unmodified HTTP client to the service in this process."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        split = urlsplit(request.url or "")
        body = request.body or b""
        assert isinstance(body, str | bytes)
        found = answer(
            self._world,
            Request(
                request.method or "",
                split.hostname or "",
                unquote(split.path),
                dict(parse_qsl(split.query, keep_blank_values=True)),
                {"host": split.netloc, **{name.lower(): str(value) for name, value in request.headers.items()}},
                body.encode() if isinstance(body, str) else body,
            ),
        )
        response = requests.Response()
        response.status_code = found.status
        response.headers.update(found.headers)
        response.raw = io.BytesIO(found.body)
        response.url, response.request = request.url or "", request
        return response

    def close(self) -> None:
        """Nothing is open."""


class Credential:
    """Signs in as somebody in the directory."""

    def __init__(self, world: World, object_id: str = directory.DEPLOYER_OBJECT_ID) -> None:
        self._world, self._object_id = world, object_id

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        audience = scopes[0].removesuffix("/.default")
        expires = int(self._world.clock.timestamp()) + 3600
        return AccessToken(token(self._world, self._object_id, audience), expires)


def transport(world: World) -> RequestsTransport:
    """For the ``transport`` argument of an SDK's client."""
    session = requests.Session()
    session.mount("https://", _Adapter(world))
    return RequestsTransport(session=session, session_owner=False)


@dataclass(frozen=True)
class Custodian:
    """Holds one of the keys that open the file."""

    private_key: rsa.RSAPrivateKey
    certificate: bytes

    @property
    def thumbprint(self) -> str:
        return unpadded(hashlib.sha256(self.certificate).digest())

    def jwk(self) -> dict[str, Any]:
        """As azure-cli sends it."""
        numbers = self.private_key.public_key().public_numbers()
        return {
            "kty": "RSA",
            "alg": "RSA-OAEP-256",
            "key_ops": ["verify", "encrypt", "wrapKey"],
            "n": unpadded(numbers.n.to_bytes(256, "big")),
            "e": "AQAB",
            "x5c": [base64.b64encode(self.certificate).decode()],
            "x5t": unpadded(hashlib.sha1(self.certificate).digest()),  # noqa: S324 - RFC 7517's x5t
            "x5t#S256": self.thumbprint,
        }


def unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def padded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@lru_cache
def rsa_key(number: int, size: int = 2048) -> rsa.RSAPrivateKey:
    """One key by number, the same all the time: making them is slow."""
    assert number >= 0
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def certificate_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """A self-signed certificate, DER; it expired years ago, which is no matter."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "www.Contoso.com")])
    start = datetime.datetime(2020, 8, 28, tzinfo=datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


@lru_cache
def custodian(number: int) -> Custodian:
    """The custodian of that number."""
    return Custodian(rsa_key(number), certificate_of(rsa_key(number)))


def download_body(count: int = 3, required: int = 2) -> dict[str, Any]:
    """Of a request to download the security domain."""
    return {"certificates": [custodian(number).jwk() for number in range(count)], "required": required}


def master_key_of(file: dict[str, Any], quorum: list[Custodian]) -> bytes:
    """What these custodians find together; written from the file's description, apart from the code under test."""
    shares = []
    for holder in quorum:
        wrapped = next(each for each in file["SharedKeys"]["enc_shares"] if each["x5t_256"] == holder.thumbprint)
        shares.append(struct.unpack("<32H", open_jwe(wrapped["enc_key"], holder.private_key)))
    return recover(shares)


def recover(shares: list[tuple[int, ...]]) -> bytes:
    """Lagrange's interpolation at 0, modulo 257, word by word. Raises ValueError where a value is no octet."""
    secret = []
    for words in zip(*shares, strict=True):
        points = [(word >> 9, word & 0x1FF) for word in words]
        total = 0
        for x, y in points:
            product = y
            for other, _ in points:
                if other != x:
                    product = product * other * pow(other - x, -1, 257) % 257
            total += product
        secret.append(total % 257)
    return bytes(secret)


def open_jwe(compact: str, key: rsa.RSAPrivateKey | bytes) -> bytes:
    """The plaintext, after the tag is checked."""
    header, encrypted, iv, ciphertext, tag = compact.split(".")
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    content_key = key if isinstance(key, bytes) else key.decrypt(padded(encrypted), oaep)
    signed = header.encode() + padded(iv) + padded(ciphertext) + struct.pack(">Q", 8 * len(header))
    assert padded(tag) == hmac.digest(content_key[:32], signed, "sha512")[:32]
    decryptor = Cipher(algorithms.AES(content_key[32:]), modes.CBC(padded(iv))).decryptor()
    plaintext = decryptor.update(padded(ciphertext)) + decryptor.finalize()
    return plaintext[: -plaintext[-1]]


def data_key(master_key: bytes, tag: str) -> bytes:
    return hmac.digest(master_key, b"\0\0\0\1" + tag.encode() + b"\0" + b"\0\0\2\0", "sha512")


def content_of(file: dict[str, Any], quorum: list[Custodian]) -> dict[str, bytes]:
    """The data in the file, opened by a quorum."""
    master_key = master_key_of(file, quorum)
    return {
        datum["tag"]: open_jwe(datum["compact_jwe"], data_key(master_key, datum["tag"]))
        for datum in file["EncData"]["data"]
    }
