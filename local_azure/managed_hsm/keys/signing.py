"""The algorithms that sign, as the description's ``JsonWebKeySignatureAlgorithm`` lists them (RFC 7518, section 3).

RS… and PS… need an RSA key, ES… an EC key of their one curve (ES256K: RFC 8812), HS… a symmetric key. The caller sends
a digest, never the message; HS… takes the HMAC over the digest that was sent.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys.key_types import EC, OCT, RSA
from local_azure.managed_hsm.keys.material import ec_private_key, rsa_private_key, secret_bytes


@dataclass(frozen=True)
class _Algorithm:
    kty: str
    digest: hashes.HashAlgorithm
    curve: str | None = None
    probabilistic: bool = False


_ALGORITHMS = {
    "RS256": _Algorithm(RSA, hashes.SHA256()),
    "RS384": _Algorithm(RSA, hashes.SHA384()),
    "RS512": _Algorithm(RSA, hashes.SHA512()),
    "PS256": _Algorithm(RSA, hashes.SHA256(), probabilistic=True),
    "PS384": _Algorithm(RSA, hashes.SHA384(), probabilistic=True),
    "PS512": _Algorithm(RSA, hashes.SHA512(), probabilistic=True),
    "ES256": _Algorithm(EC, hashes.SHA256(), "P-256"),
    "ES384": _Algorithm(EC, hashes.SHA384(), "P-384"),
    "ES512": _Algorithm(EC, hashes.SHA512(), "P-521"),
    "ES256K": _Algorithm(EC, hashes.SHA256(), "P-256K"),
    "HS256": _Algorithm(OCT, hashes.SHA256()),
    "HS384": _Algorithm(OCT, hashes.SHA384()),
    "HS512": _Algorithm(OCT, hashes.SHA512()),
}


def sign(kty: str, curve: str | None, secret: str, algorithm: str, digest: bytes) -> bytes:
    """The signature: the number of RSA, r and s of ECDSA one after the other, the HMAC."""
    chosen = _chosen(kty, curve, algorithm, digest)
    prehashed = utils.Prehashed(chosen.digest)
    if kty == RSA:
        return rsa_private_key(secret).sign(digest, _rsa_padding(chosen), prehashed)
    if kty == EC:
        key = ec_private_key(secret)
        r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(prehashed)))
        length = _field_length(key)
        return r.to_bytes(length, "big") + s.to_bytes(length, "big")
    return _hmac(secret, chosen, digest)


def verify(kty: str, curve: str | None, secret: str, algorithm: str, digest: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's over the digest."""
    chosen = _chosen(kty, curve, algorithm, digest)
    if kty == OCT:
        return hmac.compare_digest(_hmac(secret, chosen, digest), signature)
    prehashed = utils.Prehashed(chosen.digest)
    try:
        if kty == RSA:
            rsa_private_key(secret).public_key().verify(signature, digest, _rsa_padding(chosen), prehashed)
        else:
            _verify_ecdsa(ec_private_key(secret), signature, digest, prehashed)
    except InvalidSignature:
        return False
    return True


def _verify_ecdsa(key: ec.EllipticCurvePrivateKey, signature: bytes, digest: bytes, prehashed: utils.Prehashed) -> None:
    length = _field_length(key)
    if len(signature) != 2 * length:
        raise InvalidSignature
    r, s = (int.from_bytes(part, "big") for part in (signature[:length], signature[length:]))
    key.public_key().verify(utils.encode_dss_signature(r, s), digest, ec.ECDSA(prehashed))


def _chosen(kty: str, curve: str | None, algorithm: str, digest: bytes) -> _Algorithm:
    chosen = _ALGORITHMS.get(algorithm)
    if chosen is None or chosen.kty != kty or chosen.curve != curve:
        raise bad_parameter(f"Algorithm {algorithm} is not supported for this key")
    if len(digest) != chosen.digest.digest_size:
        raise bad_parameter(f"The digest for {algorithm} must be {chosen.digest.digest_size} bytes long")
    return chosen


def _rsa_padding(chosen: _Algorithm) -> padding.AsymmetricPadding:
    if chosen.probabilistic:
        return padding.PSS(padding.MGF1(chosen.digest), chosen.digest.digest_size)
    return padding.PKCS1v15()


def _hmac(secret: str, chosen: _Algorithm, digest: bytes) -> bytes:
    return hmac.digest(secret_bytes(secret), digest, chosen.digest.name)


def _field_length(key: ec.EllipticCurvePrivateKey) -> int:
    return (key.curve.key_size + 7) // 8
