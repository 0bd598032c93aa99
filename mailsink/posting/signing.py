"""Signatures of webhooks, by Standard Webhooks (specification 1.0, symmetric).

A secret is "whsec_" and 32 octets in base64. The signature covers the id, the time and
the body, so that none of them can be changed, and an old call cannot be repeated later.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
_OCTETS = 32  # of a secret; the specification asks for 24 to 64


def new_secret() -> str:
    """Return a new random secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_OCTETS)).decode()


def headers(
    signing: Sequence[str], id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Return the headers of a call.

    signing: the secrets that are valid; timestamp: of this try, in Unix seconds
    """
    signatures = (_signature(each, id, timestamp, body) for each in signing)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b"%s.%d.%s" % (id.encode(), timestamp, body)
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
