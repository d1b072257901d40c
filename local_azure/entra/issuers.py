"""Outside issuers that workload identity federation can trust: here, GitHub Actions."""

from __future__ import annotations

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.core.world import World
from local_azure.entra.tokens import key_id, signing_key

GITHUB = "https://token.actions.githubusercontent.com"
GITHUB_HOST = "token.actions.githubusercontent.com"
FEDERATION_AUDIENCE = "api://AzureADTokenExchange"


def public_key(world: World, issuer: str) -> rsa.RSAPublicKey | None:
    """The key that the issuer signs with, or None where it is not played."""
    return signing_key(world, "github").public_key() if issuer == GITHUB else None


def github_token(world: World, subject: str, audience: str = FEDERATION_AUDIENCE) -> str:
    """What a GitHub workflow gets for its subject, say ``repo:contoso/hsm:ref:refs/heads/main``."""
    now = int(world.clock.timestamp())
    key = signing_key(world, "github")
    content = {"iss": GITHUB, "sub": subject, "aud": audience, "iat": now, "nbf": now, "exp": now + 300}
    return jwt.encode(content, key, algorithm="RS256", headers={"kid": key_id(key)})
