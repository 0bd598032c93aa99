"""Address fields (RFC 5322 §3.4) -> names and addresses. Never raises; linear time.

Tolerant: text that violates the grammar is read as an email client would read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from mailsink.mime import charsets, words

MAX_ADDRESSES = 1000  # of one field; further ones are not read
_MAX_TOKENS = 16 * MAX_ADDRESSES
_SHORT = 200  # characters; the addresses of a value up to this length are cached


class Address(NamedTuple):
    """A decoded display name, and an address; one of them may be empty, not both."""

    name: str
    address: str


# `Ann <a@b>`, `"Ann" <a@b>` or `a@b`: nearly all addresses
_PLAIN = re.compile(
    r"""\s*+(?:
        (?:"(?P<quoted>[^"\\]*+)"\s*+ | (?P<name>[^"\\<>()\[\]:;,@]++))?+
            <(?P<angle>[^"\\<>()\[\]:;,@\s]++@[^"\\<>()\[\]:;,@\s]++)>
        | (?P<bare>[^"\\<>()\[\]:;,@\s]++@[^"\\<>()\[\]:;,@\s]++)
    )\s*+""",
    re.VERBOSE,
).fullmatch


def _comment(levels: int) -> str:
    """Return the pattern of a comment that nests comments to this many levels."""
    inner = rf"|{_comment(levels - 1)}" if levels else ""
    return rf"\((?:[^()\\]++|\\.{inner})*+\)"


def _tokens(quoted: str, comment: str) -> re.Pattern[str]:
    """Return the pattern of tokens.

    An obsolete route (RFC 5322 §4.4) belongs to its <.
    """
    return re.compile(
        rf"""
        "(?P<quoted>{quoted})"
        | (?P<open><(?:[\s,]*+@[^:<>"]*+:|\s*+mailto:)?+)
        | (?P<close>>)
        | (?P<comment>{comment})
        | (?P<end>[,;])
        | (?P<group>:)
        | (?P<space>\s++)
        | (?P<stray>["(])
        | (?P<text>\[[^\[\],;<>]*+\]|[^\s"<>(,;:\[]++|\[)
        """,
        re.VERBOSE | re.DOTALL | re.IGNORECASE,
    )


_TOKEN = _tokens(r'(?:[^"\\]++|\\.)*+', _comment(4))
# Used after a quote or a comment that is never closed: a search for the end from each
# further one would take quadratic time in total.
_FLAT_TOKEN = _tokens(r'[^"\\]*+', r"\([^()\\]*+\)")
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.?)", re.DOTALL)
_SWALLOWED = re.compile(r"<[^<>@]*+@[^<>]*+>\s*+,").search


def addresses(value: str) -> list[Address]:
    """Return the addresses in a field's value, at most MAX_ADDRESSES.

    Encoded words should still be encoded in the value (Field.encoded): they are decoded
    in the names found, so that a comma inside them does not separate addresses.
    """
    return list(_known(value) if len(value) <= _SHORT else _read(value))


@lru_cache(maxsize=1024)
def _known(value: str) -> tuple[Address, ...]:
    """Return the result of _read, cached: an application's mails share addresses."""
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


def groups(value: str) -> list[tuple[str, list[Address]]]:
    """Return the groups in a field's value (RFC 5322 §3.4) with their members, in order.

    Addresses between two groups form a group without a name. A group may have no
    members, such as undisclosed-recipients.
    """
    reader = _Reader()
    reader.read(charsets.line(value))
    return [(name, members) for name, members in reader.groups if name or members]


def _addresses(value: str) -> list[Address]:
    """Return the addresses of a value that the plain pattern does not match."""
    reader = _Reader()
    reader.read(value)
    return reader.found


def _scan(value: str) -> Iterator[re.Match[str]]:
    """Yield the tokens of a value, at most _MAX_TOKENS."""
    pattern, position = _TOKEN, 0
    is_odd = value.count('"') % 2 == 1  # one quote is never closed
    for _ in range(_MAX_TOKENS):
        token = pattern.match(value, position)
        if token is None:
            return
        position = token.end()
        if token["stray"]:
            pattern = _FLAT_TOKEN
        elif is_odd and token["quoted"] and _SWALLOWED(token["quoted"]):
            pattern, position, is_odd = _FLAT_TOKEN, token.start() + 1, False
            continue
        yield token


class _Reader:
    """Reads a field's value; found and groups are the results."""

    def __init__(self) -> None:
        self.found: list[Address] = []
        self.groups: list[tuple[str, list[Address]]] = [("", [])]
        self.mailbox = _Mailbox()

    def read(self, value: str) -> None:
        for token in _scan(value):
            kind = token.lastgroup
            if kind == "end":
                self._close()
                if token[0] == ";" and self.groups[-1][0]:
                    self.groups.append(("", []))
            elif kind == "open":
                self._open()
            elif kind == "group" and not self.mailbox.in_angle:
                self.groups.append((_decoded(self.mailbox.name), []))
                self.mailbox = _Mailbox()
            else:
                self.mailbox.take(token)
            if len(self.found) >= MAX_ADDRESSES:
                return
        self._close()

    def _open(self) -> None:
        """Begin the angle of a mailbox, or of the next one after a missing comma."""
        if self.mailbox.angle:
            words, self.mailbox.words = self.mailbox.parted()
            self._close()
            self.mailbox.words = words
        self.mailbox.in_angle = self.mailbox.angled = True
        self.mailbox.named = len(self.mailbox.words)

    def _close(self) -> None:
        closed = self.mailbox.addresses()
        self.found += closed
        self.groups[-1][1].extend(closed)
        self.mailbox = _Mailbox()


@dataclass(slots=True)
class _Mailbox:
    """One mailbox, as far as it has been read."""

    words: list[str] = field(default_factory=list)  # as written; no word has a space
    ended: bool = True  # the last word is complete
    comments: list[str] = field(default_factory=list)
    angle: str = ""
    in_angle: bool = False
    angled: bool = False
    named: int = 0  # the number of words before the angle

    @property
    def name(self) -> str:
        """The words, or else the comments, decoded."""
        return " ".join(map(_unquoted, self.words or self.comments)).strip()

    def take(self, token: re.Match[str]) -> None:
        """Take a token that ends no mailbox."""
        kind = token.lastgroup
        if kind == "close":
            self.in_angle, self.ended = False, True
        elif kind == "space" or kind == "comment":
            self.ended = True
            if kind == "comment":
                self._remark(token[0])
        elif kind != "stray":
            self._add(token[0])

    def _add(self, text: str) -> None:
        if self.in_angle:
            self.angle += text
            return
        if self.words and text[0] in "@.":
            self.comments.clear()  # they were inside an address, which continues
        if self.ended:
            self.words.append(text)
        else:
            self.words[-1] += text
        self.ended = False

    def _remark(self, comment: str) -> None:
        within = self.in_angle or (self.words and self.words[-1][-1] in "@.")
        if not within:
            self.comments.append(_QUOTED_PAIR.sub(r"\1", comment[1:-1]).strip())

    def parted(self) -> tuple[list[str], list[str]]:
        """Return the words after the angle, and those before it."""
        return self.words[self.named :], self.words[: self.named]

    def addresses(self) -> list[Address]:
        """Return the address, or several if the commas are missing."""
        if self.angle:
            return [_address(self.name, self.angle)]
        if not self.words:
            return []
        found = [(self.name, "")] if self.angled else self._bare()
        return [_address(*each) for each in found if any(each)]

    def _bare(self) -> list[tuple[str, str]]:
        """Return (name, address) of `a@b.example`, `Ann a@b.example` or `Ann`."""
        comment = " ".join(self.comments)
        whole = _glued(self.words, "@.")  # RFC 5322 §4.4: spaces around the dots
        if len(whole) == 1 and _has_at(whole[0]):
            return [(comment, whole[0])]
        words = _glued(self.words, "@")
        found = [word for word in words if _has_at(word)]
        if found and len(found) == len(words):
            return [("", word) for word in found]
        if found:
            rest = (_unquoted(word) for word in words if word != found[-1])
            return [(" ".join(rest), found[-1])]
        return [(comment, words[0]) if self._is_address(words) else (self.name, "")]

    @staticmethod
    def _is_address(words: list[str]) -> bool:
        """Whether words without an @ outside quotes are an address, such as `root`."""
        word = words[0]
        text = _unquoted(word)
        plain = text == word or ("@" in text and " " not in text)
        return len(words) == 1 and plain and "=?" not in word


def _glued(words: list[str], marks: str) -> list[str]:
    """Return the words, with those joined that a mark stands between."""
    glued = words[:1]
    for word in words[1:]:
        if glued[-1][-1] in marks or word[0] in marks:
            glued[-1] += word
        else:
            glued.append(word)
    return glued


def _has_at(word: str) -> bool:
    return "@" in _QUOTED.sub("", word) and not word.startswith("=?")


def _unquoted(word: str) -> str:
    return _QUOTED.sub(lambda found: _QUOTED_PAIR.sub(r"\1", found[1]), word)


def _decoded(name: str) -> str:
    return charsets.line(words.decode(name)).strip() if "=?" in name else name.strip()


def _address(name: str, address: str) -> Address:
    return Address(_decoded(name), _bared(address))


def _bared(address: str) -> str:
    """Return an address without the quotes or brackets that enclose it."""
    if address[:1] + address[-1:] in ('""', "''", "[]") and "@" in address[1:-1]:
        return address[1:-1]
    return address
