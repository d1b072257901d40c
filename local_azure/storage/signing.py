"""What keys of an account sign, and the keys that stand for people for a while."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

from local_azure.core.world import World
from local_azure.storage.accounts import Account

_DELEGATION = "storage.delegation"
DELEGATION_FIELDS = ("skoid", "sktid", "skt", "ske", "sks", "skv")
"""What a user delegation key is made for, by the names that a signature says them with."""


def signature(key: bytes, text: str) -> str:
    """Base64 of the HMAC-SHA256."""
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


def matches(key: bytes, texts: Iterable[str], given: str) -> bool:
    """Whether the signature is that of one of the texts."""
    return any(hmac.compare_digest(signature(key, text).encode(), given.encode()) for text in texts)


def account_keys(account: Account) -> list[bytes]:
    """Both keys of the account."""
    return [base64.b64decode(value) for value in account.keys.values()]


def is_base64(text: str) -> bool:
    """Whether it is base64 of something."""
    try:
        return bool(base64.b64decode(text, validate=True))
    except binascii.Error:
        return False


def delegation_key(world: World, account: Account, made_for: Mapping[str, str]) -> bytes:
    """The user delegation key with these fields: it can be made again, so that nothing is kept of it."""
    text = "\n".join(made_for.get(name, "") for name in (*DELEGATION_FIELDS, "skdutid"))
    return hmac.new(_delegation_secret(world, account), text.encode(), hashlib.sha256).digest()


def revoke_delegation_keys(world: World, account_id: str) -> None:
    """From now on no user delegation key of the account is good."""
    world.store.delete(_DELEGATION, account_id.lower())


def _delegation_secret(world: World, account: Account) -> bytes:
    place = account.arm_id.lower()
    with world.store.transaction():
        document = world.store.get(_DELEGATION, place)
        if document is None:
            document = {"secret": secrets.token_hex(32)}
            world.store.put(_DELEGATION, place, document)
    return bytes.fromhex(document["secret"])
