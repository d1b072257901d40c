"""The offline step of a recovery: from a security domain and a quorum to the blob that another pool takes in."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from ceremony import jwe
from ceremony.key_derivation import MASTER_KEY_BYTES, derive
from ceremony.opening import OpenedDatum
from ceremony.security_domain_file import KEY_DERIVATION
from ceremony.transfer_key import TransferKey


def restore_blob(data: Sequence[OpenedDatum], transfer_key: TransferKey) -> bytes:
    """The blob for ``POST /securitydomain/upload``: the data under a new master key, that one for the transfer key.

    Nobody but the target pool can open it. Raises ValueError where a datum has no content.
    """
    if any(datum.content is None for datum in data) or not data:
        raise ValueError("a restore blob is made of the whole content")
    master_key = os.urandom(MASTER_KEY_BYTES)
    document = {
        "EncData": {
            "data": [
                {
                    "compact_jwe": jwe.encrypt(datum.content or b"", derive(master_key, datum.tag), datum.tag),
                    "tag": datum.tag,
                }
                for datum in data
            ],
            "kdf": KEY_DERIVATION,
        },
        "WrappedKey": {"enc_key": jwe.wrap(master_key, transfer_key.public_key), "x5t_256": transfer_key.thumbprint},
    }
    return json.dumps(document, separators=(",", ":")).encode()
