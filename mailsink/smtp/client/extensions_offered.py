"""The extensions that a server offers in its reply to EHLO (RFC 5321 §4.1.1.1)."""

from __future__ import annotations

from typing import NamedTuple

from mailsink.smtp.client.reply_reader import PeerReply


class OfferedExtensions(NamedTuple):
    """The keywords, in upper case, and what follows each."""

    keywords: dict[str, str]

    def has(self, keyword: str) -> bool:
        return keyword in self.keywords

    @property
    def size(self) -> int:
        """Return the most octets of a message; 0: it does not say (RFC 1870 §3)."""
        return _number(self.keywords.get("SIZE", ""))

    @property
    def mechanisms(self) -> frozenset[str]:
        """Return the mechanisms of AUTH (RFC 4954 §3)."""
        return frozenset(self.keywords.get("AUTH", "").upper().split())

    def limit(self, name: str) -> int:
        """Return a number of LIMITS (RFC 9422), as RCPTMAX; 0 where there is none."""
        for word in self.keywords.get("LIMITS", "").split():
            key, _, value = word.partition("=")
            if key.upper() == name:
                return _number(value)
        return 0


NOTHING = OfferedExtensions({})


def offered(reply: PeerReply) -> OfferedExtensions:
    """Read the offer of a 250 to EHLO. The first line has the server's name."""
    keywords: dict[str, str] = {}
    for text in reply.texts[1:]:
        # Old servers write AUTH=LOGIN beside, or in place of, AUTH LOGIN.
        keyword, _, rest = text.replace("AUTH=", "AUTH ", 1).strip().partition(" ")
        known = keywords.get(keyword.upper(), "")
        keywords[keyword.upper()] = f"{known} {rest}".strip()
    return OfferedExtensions(keywords)


def _number(text: str) -> int:
    short = text[:19]
    return int(short) if short.isascii() and short.isdigit() else 0
