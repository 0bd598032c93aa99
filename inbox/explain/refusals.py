"""Explains a refusal: why it was sent, and what to change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox.explain import client_terms
from inbox.explain.inputs import Replylike
from inbox.explain.on_purpose import how_to_change, is_own, who_decided
from inbox.explain.refusal_words import REFUSALS

# LMTP's reply to the body begins with its recipient (RFC 2033 §4.2).
_RECIPIENT = re.compile(r"<[^<>]*> ")
_LONGEST_FIRST = sorted(REFUSALS, key=len, reverse=True)


@dataclass(frozen=True, slots=True)
class Advice:
    """The explanation of a refusal, in translated sentences."""

    why: str
    fix: str
    setting: str  # the fix as a line for the client's library; "" if none is known
    topic: str = ""  # of client_terms, which has this line


def advice(exchange: Replylike, client: str = "") -> Advice | None:
    """Return why a reply of 400 or more was sent, and what to change; None for others.

    client: the key of the client's library, from insight.findings.clients
    """
    if (exchange.code or 0) < 400:
        return None
    key = known_as(exchange)
    rule = exchange.rule
    if rule and (is_own(rule) or not _has_text(key)):
        return Advice(who_decided(rule), how_to_change(rule), "")
    words = REFUSALS[key]
    setting = client_terms.setting(words.terms, client)
    return Advice(_(words.why), _(words.fix), setting, words.terms)


def known_as(exchange: Replylike) -> str:
    """Return the key of a refusal in REFUSALS: the longest with which the reply begins."""
    return next(_keys(exchange), "5")


def short(exchange: Replylike) -> str:
    """Return why a refusal was sent, in a few words; "" if the code shows it."""
    found = (REFUSALS[key].short for key in _keys(exchange))
    return next((_(words) for words in found if words), "")


def _keys(exchange: Replylike) -> Iterator[str]:
    """Yield the keys in REFUSALS with which a reply begins, the longest first."""
    codes = f"{exchange.code} {exchange.enhanced}".rstrip()
    text = exchange.reply.partition("\n")[0][len(codes) + 1 :]
    text = _RECIPIENT.sub("", text, count=1) if text.startswith("<") else text
    rest = text.partition(" ")[2]
    begins = (f"{codes} {text}", f"{codes} * {rest}")
    return (key for key in _LONGEST_FIRST if any(b.startswith(key) for b in begins))


def _has_text(key: str) -> bool:
    """Whether the key has words of the reply, not only its codes."""
    return any(each.isalpha() or each == "*" for each in key)
