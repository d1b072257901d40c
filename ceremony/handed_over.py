"""Shares on their way from a custodian to whoever combines them.

The format wants a quorum's shares in plain in one place: the new master key's envelope is one RSA-OAEP encryption,
which cannot be computed from encrypted shares. What can be spared is that private keys meet: each custodian opens the
own share on the own machine and encrypts it to a one-time certificate of the combiner. The combiner (and whoever has
the combiner's private key and the files) then holds the content of the security domain, but no custodian's key.
"""

from __future__ import annotations

import json
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ceremony import jwe
from ceremony.encoding import json_object
from ceremony.errors import BrokenFileError, KeyFileError
from ceremony.jwe import JweError, NotForThisKeyError
from ceremony.private_keys import Certificate, CustodianKey
from ceremony.security_domain_file import SecurityDomainFile
from ceremony.shamir import Share
from ceremony.shares import UNKNOWN, OpenedShare, decode_share

_KIND: Final = "security-domain-share"
_VERSION: Final = 1


def hand_over(file: SecurityDomainFile, opened: OpenedShare, combiner: Certificate) -> bytes:
    """The file that a custodian gives to the combiner; only the combiner's private key opens it."""
    public_key = combiner.certificate.public_key()
    if not isinstance(public_key, RSAPublicKey):
        raise KeyFileError(f"{combiner.name}: the combiner's key is not RSA")
    bound = {"security_domain_sha256": file.sha256, "share": str(opened.number)}
    document = {
        "kind": _KIND,
        "version": _VERSION,
        "holder": opened.holder,
        "share": opened.number,
        "security_domain_sha256": file.sha256,
        "combiner_thumbprint": combiner.thumbprint,
        "encrypted": jwe.wrap(_encode(opened.share), public_key, bound),
    }
    return (json.dumps(document, indent=2) + "\n").encode()


def take_over(content: bytes, name: str, file: SecurityDomainFile, combiner: CustodianKey) -> OpenedShare:
    """The share in a file that a custodian gave. Raises BrokenFileError, KeyFileError; ``name`` begins the line."""
    try:
        document = json_object(content)
        if document.get("kind") != _KIND or document.get("version") != _VERSION:
            raise ValueError("it is not what ceremony share writes")
        encrypted = jwe.parse(document.get("encrypted"))
        number = int(str(encrypted.header.get("share")))
        if encrypted.header.get("security_domain_sha256") != file.sha256:
            raise ValueError("it is a share of another security-domain file")
        if not 1 <= number <= len(file.shares):
            raise ValueError("it is a share that the file does not have")
        share = decode_share(jwe.unwrap(encrypted, combiner.private_key))
    except NotForThisKeyError:
        raise KeyFileError(f"{name}: was encrypted to another combiner's certificate, or altered") from None
    except (JweError, ValueError) as error:
        raise BrokenFileError(f"{name}: {error}") from None
    return OpenedShare(number, str(document.get("holder") or name), share, UNKNOWN)


def _encode(share: Share) -> bytes:
    return b"".join((share.x << 9 | value).to_bytes(2, "little") for value in share.values)
