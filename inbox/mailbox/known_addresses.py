"""The known addresses of an inbox: their rules, and the look-up. Pure.

The inbox stores them as JSON: `clean` checks the input of users, `Book` looks up the
addresses that clients send. Sources: RFC 5321 §3.4 (forwarding), §3.5 (VRFY, EXPN),
§3.9 (aliases, lists).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict

from django.utils.translation import gettext as _

from inbox.errors import Invalid
from inbox.explain.address_kinds import ADDRESS_KINDS, AddressKind
from mailsink.smtp.protocol import grammar
from mailsink.text import readable

MAX_ADDRESSES = 1000
MAX_TARGETS = 100
MAX_LENGTH = 320  # a local part of 64, "@", a domain of 255 (RFC 5321 §4.5.3.1)
MAX_NAME = 200

_PAIR = re.compile(r"\\(.)")  # a quoted pair (RFC 5321 §4.1.2)
# with the separators between the targets
_LONGEST_TYPED = MAX_TARGETS * (MAX_LENGTH + 2)
# An unclosed quotation takes the rest: each character is scanned once.
_TYPED = re.compile(r'(?:"(?:\\.?|[^"\\])*+(?:"|\Z)|[^\s,;"])++', re.DOTALL)

# The least and most targets of each kind.
_TARGETS: dict[AddressKind, tuple[int, int]] = {
    "mailbox": (0, 0),
    "alias": (1, MAX_TARGETS),
    "forwarded": (1, 1),
    "moved": (1, 1),
    "list": (1, MAX_TARGETS),
    "ambiguous": (0, MAX_TARGETS),
}


class AddressInput(TypedDict):
    """A known address, in the API and in the database."""

    address: str
    name: str
    kind: AddressKind
    target: list[str]


def typed_targets(text: str) -> list[str]:
    """Return the addresses in a text, separated by lines, spaces, commas or semicolons.

    None of these ends a quoted local part. Raises Invalid if there are too many.
    """
    found = _TYPED.findall(text) if len(text) <= _LONGEST_TYPED else None
    if found is None or len(found) > MAX_TARGETS:
        raise Invalid(
            _(
                "there are too many targets, or they are too long: at most %(most)s "
                "are allowed, each with at most %(length)s characters"
            )
            % {"most": MAX_TARGETS, "length": MAX_LENGTH}
        )
    return found


def clean(given: Iterable[AddressInput]) -> list[AddressInput]:
    """Return the addresses in their stored form. Raises Invalid."""
    kept: dict[str, AddressInput] = {}
    for each in given:
        one = clean_one(each)
        key = key_of(one["address"])
        if key in kept:
            raise Invalid(_("%(one)s is given twice") % {"one": one["address"]})
        if len(kept) == MAX_ADDRESSES:
            raise Invalid(
                _("an inbox knows at most %(max_addresses)s addresses")
                % {"max_addresses": MAX_ADDRESSES}
            )
        kept[key] = one
    return list(kept.values())


def clean_one(given: AddressInput) -> AddressInput:
    """Return one address in its stored form, without surrounding space. Raises Invalid."""
    address = _mailbox(given["address"].strip())
    kind = given["kind"]
    if kind not in ADDRESS_KINDS:
        raise Invalid(
            _("%(address)s: the kind is one of %(kinds)s")
            % {"address": address, "kinds": ", ".join(ADDRESS_KINDS)}
        )
    target = [_mailbox(each.strip()) for each in given["target"]]
    if len(set(map(key_of, target))) < len(target):
        raise Invalid(_("%(address)s: a target is given twice") % {"address": address})
    if wrong := _wrong_count(kind, len(target)):
        raise Invalid(f"{address}: {wrong}")
    name = _name(address, given["name"].strip())
    return {"address": address, "name": name, "kind": kind, "target": target}


def _mailbox(text: str) -> str:
    """Return text if it is a whole address. Raises Invalid."""
    shown = text if text.isprintable() else readable(text.encode("utf-8", "replace"))
    if len(text) > MAX_LENGTH:
        raise Invalid(
            _("%(shown)s...: longer than %(max_length)s characters")
            % {"shown": shown[:40], "max_length": MAX_LENGTH}
        )
    try:
        if not text:
            raise grammar.BadSyntax(_("it is empty"))
        if not text.isprintable():
            raise grammar.BadSyntax(_("it contains a control character"))
        path, rest = grammar.parse_path(f"<{text}>")
    except grammar.BadSyntax as error:
        raise Invalid(
            _('"%(shown)s" is not an address: %(error)s')
            % {"shown": shown, "error": error}
        ) from None
    if rest or path.mailbox != text:
        raise Invalid(
            _('"%(shown)s" is not an address: write it as user@example.com')
            % {"shown": shown}
        )
    if "unqualified_address" in path.flags:
        raise Invalid(
            _('"%(shown)s" is not an address: the domain is missing') % {"shown": shown}
        )
    return text


def _wrong_count(kind: AddressKind, count: int) -> str:
    least, most = _TARGETS[kind]
    if least <= count <= most:
        return ""
    if not most:
        return _("a mailbox has no target; mail to it stays here")
    if least == most:
        return _("%(kind)s takes exactly one target: the new address") % {"kind": kind}
    if count < least:
        return (
            _("an %(kind)s needs a target") % {"kind": kind}
            if kind == "alias"
            else _("a list needs members")
        )
    return _("at most %(most)s targets are allowed") % {"most": most}


def _name(address: str, name: str) -> str:
    """Return the name for replies, where it precedes <address>. Raises Invalid."""
    if len(name) > MAX_NAME:
        raise Invalid(
            _("%(address)s: the name is longer than %(max_name)s characters")
            % {"address": address, "max_name": MAX_NAME}
        )
    if not name.isprintable() or "<" in name or ">" in name:
        raise Invalid(
            _("%(address)s: the name may not contain control characters, < or >")
            % {"address": address}
        )
    return name


def key_of(mailbox: str) -> str:
    """Return a key that is equal for all spellings of an address (RFC 5321 §2.4, §4.1.2).

    Neither the domain's case nor quotes around the local part matter; the case of the
    local part does.
    """
    local, at, domain = mailbox.rpartition("@")
    if not at:
        local, domain = mailbox, ""
    if len(local) > 1 and local.startswith('"') and local.endswith('"'):
        local = _PAIR.sub(r"\1", local[1:-1])
    return f"{local}@{domain.lower()}"


@dataclass(frozen=True, slots=True)
class Known:
    """A known address."""

    address: str
    name: str
    kind: AddressKind
    target: tuple[str, ...]


class Book:
    """The known addresses of one inbox, for look-ups of clients' addresses."""

    def __init__(self, stored: Sequence[AddressInput]) -> None:
        """stored: addresses as `clean` returned them"""
        known = [
            Known(each["address"], each["name"], each["kind"], tuple(each["target"]))
            for each in stored
        ]
        self.kinds = frozenset(each.kind for each in known)
        self._by_key = {key_of(each.address): each for each in known}
        self._by_folded = {key.casefold(): each for key, each in self._by_key.items()}
        self._by_user: dict[str, list[Known]] = {}
        self._by_name: dict[str, list[Known]] = {}
        for key, each in self._by_key.items():
            user, name = key.rpartition("@")[0].casefold(), each.name.casefold()
            self._by_user.setdefault(user, []).append(each)
            for part in {name, *name.split()} - {""}:
                self._by_name.setdefault(part, []).append(each)

    def __len__(self) -> int:
        return len(self._by_key)

    def at(self, mailbox: str) -> Known | None:
        """Return the known address that equals this one, by key_of."""
        return self._by_key.get(key_of(mailbox))

    def nearly(self, mailbox: str) -> Known | None:
        """Return the known address that differs from this one only in case."""
        return self._by_folded.get(key_of(mailbox).casefold())

    def called(self, text: str) -> list[Known]:
        """Return the addresses that VRFY or EXPN may mean.

        A text names them by address, local part or part of a name. People type it (RFC
        5321 §3.5.1), so its case does not matter.
        """
        if "@" in text:
            one = self.at(text) or self.nearly(text)
            return [one] if one else []
        wanted = key_of(text).removesuffix("@").casefold()  # the text may be quoted
        return self._by_user.get(wanted) or self._by_name.get(wanted) or []

    def named(self, mailbox: str) -> str:
        """Return `Full Name <mailbox>` (RFC 5321 §3.5.1), or less without a known name."""
        one = self.at(mailbox)
        return f"{one.name} <{mailbox}>" if one and one.name else f"<{mailbox}>"
