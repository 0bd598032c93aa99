"""The replies that RFC 5321 allows at each command, and a rule for each of them.

A rule is for one address of loopback, which has many: so each client picks its reply.
"""

from __future__ import annotations

from typing import Any, NamedTuple

# RFC 5321 §4.2: what Mailsink is to send on demand
CODES = {
    211, 214, 220, 221, 250, 251, 252, 354, 421, 450, 451, 452,
    455, 500, 501, 502, 503, 504, 550, 551, 552, 553, 554, 555,
}  # fmt: skip
_ANYWHERE = (421, 500, 501)  # §4.3.2: "any SMTP command can return" these


class At(NamedTuple):
    """A point of a session: the stage of rules, with the verb where it has several."""

    stage: str
    verb: str = ""


# §4.3.2, what succeeds first; and §4.2.4 for 502 and 504
ALLOWED: dict[At, tuple[int, ...]] = {
    At("connect"): (220, 421, 554),
    At("helo"): (250, 502, 504, 550, *_ANYWHERE),
    At("mail"): (250, 451, 452, 455, 503, 550, 552, 553, 555, *_ANYWHERE),
    At("rcpt"): (250, 251, 450, 451, 452, 455, 503, 550, 551, 552, 553, 555, *_ANYWHERE),
    At("data"): (354, 450, 451, 452, 503, 550, 552, 554, *_ANYWHERE),
    At("body"): (250, 450, 451, 452, 550, 552, 554, 421),
    At("rset"): (250, *_ANYWHERE),
    At("vrfy", "VRFY"): (250, 251, 252, 502, 504, 550, 551, 553, *_ANYWHERE),
    At("vrfy", "EXPN"): (250, 252, 502, 504, 550, *_ANYWHERE),
    At("any", "HELP"): (211, 214, 502, 504, *_ANYWHERE),
    At("any", "NOOP"): (250, *_ANYWHERE),
    At("quit"): (221, *_ANYWHERE),
}  # fmt: skip
CASES = [(at, code) for at, codes in ALLOWED.items() for code in codes]


def client(at: At, code: int) -> str:
    """Return the address that gets this reply there."""
    return f"127.{list(ALLOWED).index(at) + 1}.{code // 100}.{code % 100 + 1}"


def words(at: At, code: int) -> list[str]:
    """Return the lines of that reply."""
    return [f"{code} on demand", f"at {at.verb or at.stage}"]


def rules() -> list[dict[str, Any]]:
    """Return a rule for each reply at each point."""
    return [
        {
            "stage": at.stage,
            "conditions": {"client": client(at, code)}
            | ({"verb": at.verb} if at.verb else {}),
            "actions": {"code": code, "enhanced": "", "text": words(at, code)},
        }
        for at, code in CASES
    ]
