"""Address fields (RFC 5322 §3.4) -> names and addresses. Never raises; linear time.

Tolerant: what is not an address by the grammar is read as a mail client would.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from mailsink.mime import charsets, words

MAX_ADDRESSES = 1000  # of one field; the rest is not read
_MAX_TOKENS = 8 * MAX_ADDRESSES
_SHORT = 200  # characters of a value whose addresses are remembered


class Address(NamedTuple):
    """A display name, decoded, and an address; either may be empty, not both."""

    name: str
    address: str


# `Ann <a@b>`, `"Ann" <a@b>` or `a@b`, as nearly all are
_PLAIN = re.compile(
    r"""\s*+(?:
        (?:"(?P<quoted>[^"\\]*+)"\s*+ | (?P<name>[^"\\<>()\[\]:;,@]++))?+
            <(?P<angle>[^"\\<>()\[\]:;,@\s]++@[^"\\<>()\[\]:;,@\s]++)>
        | (?P<bare>[^"\\<>()\[\]:;,@\s]++@[^"\\<>()\[\]:;,@\s]++)
    )\s*+""",
    re.VERBOSE,
).fullmatch


def _comment(levels: int) -> str:
    """Return the pattern of a comment with as many levels of comments in it."""
    inner = rf"|{_comment(levels - 1)}" if levels else ""
    return rf"\((?:[^()\\]++|\\.?{inner})*+\)?+"


# Each alternative takes what it can, up to the end if it is never closed.
_TOKEN = re.compile(
    rf"""
    "(?P<quoted>(?:[^"\\]++|\\.?)*+)"?
    | <(?:@[^:<>]*+:)?(?P<angle>(?:[^<>,;"]++|"(?:[^"\\]++|\\.?)*+"?)*+)>?
    | (?P<comment>{_comment(4)})
    | (?P<literal>\[[^\],;<>]*+\]?)
    | (?P<end>[,;])
    | (?P<group>:)
    | (?P<text>[^"<(\[,;:]++)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED_PAIR = re.compile(r"\\(.?)", re.DOTALL)


def addresses(value: str) -> list[Address]:
    """Return the addresses in a field's value, at most MAX_ADDRESSES of them.

    Encoded words are best left encoded in the value (Field.encoded): they are
    decoded in the names found, where a comma in them separates nothing.
    """
    return list(_known(value) if len(value) <= _SHORT else _read(value))


@lru_cache(maxsize=1024)
def _known(value: str) -> tuple[Address, ...]:
    """Return what _read does: an application's mails share their addresses."""
    return tuple(_read(value))


def _read(value: str) -> list[Address]:
    value = charsets.line(value)
    found: list[Address] = []
    for mailbox in value.split(",", MAX_ADDRESSES)[:MAX_ADDRESSES]:
        plain = _PLAIN(mailbox)
        if plain is None:
            return _addresses(value)
        quoted, name, angle, bare = plain.groups()
        found.append(_address(quoted or name or "", angle or bare))
    return found


def _addresses(value: str) -> list[Address]:
    """Return the addresses of a value that is not as plain as most."""
    found: list[Address] = []
    mailbox = _Mailbox()
    for token in islice(_TOKEN.finditer(value), _MAX_TOKENS):
        if token["end"]:
            mailbox.close(found)
            mailbox = _Mailbox()
        elif token["group"]:
            mailbox = _Mailbox()
        else:
            mailbox.take(token)
        if len(found) == MAX_ADDRESSES:
            return found
    mailbox.close(found)
    return found


@dataclass(slots=True)
class _Mailbox:
    """What has been read of one mailbox."""

    phrase: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angle: str | None = None
    raw: list[str] = field(default_factory=list)  # the phrase as written

    def take(self, token: re.Match[str]) -> None:
        if token["angle"] is not None:
            self.angle = self.angle or token["angle"]
        elif token["comment"]:
            self.comments.append(token["comment"][1:].removesuffix(")"))
        elif token["quoted"] is not None:
            self.raw.append(token[0])
            self.phrase.append(_QUOTED_PAIR.sub(r"\1", token["quoted"]))
        else:
            self.raw.append(token[0])
            self.phrase.append(token[0])

    def close(self, found: list[Address]) -> None:
        """Append the mailbox, if there is any, to those found."""
        name = "".join(self.phrase).strip()
        address = self.angle
        if address is None:
            name, address = self._without_angle(name)
        name = name or " ".join(self.comments).strip()
        if name or address.strip():
            found.append(_address(name, address.strip()))

    def _without_angle(self, name: str) -> tuple[str, str]:
        """Return (name, address) of `a@b.example`, `Ann a@b.example` or `Ann`."""
        text = "".join(self.raw).strip()
        if text.startswith('"') and "@" in text:
            return "", text
        head, _, last = text.rpartition(" ")
        if "@" in last:
            return head.strip(' "'), last
        return ("", text) if text and not head and "=?" not in text else (name, "")


def _address(name: str, address: str) -> Address:
    if "=?" in name:
        name = charsets.line(words.decode(name))
    return Address(name.strip(), address)
