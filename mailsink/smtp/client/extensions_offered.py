"""The extensions that a server offers in its reply to EHLO (RFC 5321 §4.1.1.1)."""

from __future__ import annotations

from typing import NamedTuple

from mailsink.smtp.client.reply_reader import PeerReply


class OfferedExtensions(NamedTuple):
    """The keywords, in upper case, and the arguments of each."""

    keywords: dict[str, str]

    def has(self, keyword: str) -> bool:
        return keyword in self.keywords

    @property
    def size(self) -> int:
        """Return the largest message size in octets; 0: not declared (RFC 1870 §3)."""
        return _number(self.keywords.get("SIZE", ""))

    @property
    def mechanisms(self) -> frozenset[str]:
        """Return the mechanisms of AUTH (RFC 4954 §3)."""
        return frozenset(self.keywords.get("AUTH", "").upper().split())

    def limit(self, name: str) -> int:
        """Return a number of LIMITS (RFC 9422), such as RCPTMAX; 0 if there is none."""
        for word in self.keywords.get("LIMITS", "").split():
            key, _, value = word.partition("=")
            if key.upper() == name:
                return _number(value)
        return 0


NOTHING = OfferedExtensions({})


def offered(reply: PeerReply) -> OfferedExtensions:
    """Return the extensions of a 250 to EHLO. Its first line has the server's name."""
    keywords: dict[str, str] = {}
    for text in reply.texts[1:]:
        # Old servers write AUTH=LOGIN in addition to AUTH LOGIN, or instead of it.
        keyword, _, rest = text.replace("AUTH=", "AUTH ", 1).strip().partition(" ")
        known = keywords.get(keyword.upper(), "")
        keywords[keyword.upper()] = f"{known} {rest}".strip()
    return OfferedExtensions(keywords)


def _number(text: str) -> int:
    short = text[:19]
    return int(short) if short.isascii() and short.isdigit() else 0
