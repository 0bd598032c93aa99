"""The mailboxes that a next hop may take an address for, beside the one that it says."""

from __future__ import annotations

import re
from collections.abc import Iterator

MOST = 32  # of an address; one with more is written to be misread

Reading = tuple[str, str]  # a local part, and the domain that it is at


def readings(local: str, domain: str) -> list[Reading]:
    """Return them, the address itself first; no more than MOST + 1.

    A next hop may drop the quotes, and pass on what seems to name a further host: by
    user%host, user@host or host!user (RFC 5321 appendix F.2).
    """
    found = [(local, domain)]
    for user, host in found:  # grows on the way
        for each in _others(user, host):
            if each not in found:
                found.append(each)
        if len(found) > MOST:
            break
    return found[: MOST + 1]


def _others(user: str, host: str) -> Iterator[Reading]:
    if len(user) > 1 and user.startswith('"') and user.endswith('"'):
        yield re.sub(r"\\(.)", r"\1", user[1:-1]), host
    for sign in "%@":
        before, _, after = user.rpartition(sign)
        if before and after:
            yield before, after
    before, _, after = user.partition("!")
    if before and after:
        yield after, before
