"""The kinds of known addresses, and the replies to each (RFC 5321 §3.4, §3.5)."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from django.utils.translation import gettext_noop

AddressKind = Literal["mailbox", "alias", "forwarded", "moved", "list", "ambiguous"]
ADDRESS_KINDS: tuple[AddressKind, ...] = get_args(AddressKind)


class KindWords(NamedTuple):
    """label: for a choice; sentence: what the kind does; codes: the replies to clients"""

    label: str
    sentence: str
    codes: str


KIND_WORDS: dict[AddressKind, KindWords] = {
    "mailbox": KindWords(
        gettext_noop("Mailbox"),
        gettext_noop("Accepts mail."),
        gettext_noop("RCPT gets 250. VRFY gets 250 with name and address."),
    ),
    "alias": KindWords(
        gettext_noop("Alias"),
        gettext_noop("Accepts mail, as another name for one mailbox or more."),
        gettext_noop("RCPT gets 250. VRFY and EXPN get 250 with the targets."),
    ),
    "forwarded": KindWords(
        gettext_noop("Forwarded: accepts mail"),
        gettext_noop("Accepts mail, and gives the client the new address."),
        gettext_noop("RCPT and VRFY get 251 with the new address."),
    ),
    "moved": KindWords(
        gettext_noop("Moved: rejects mail"),
        gettext_noop("Rejects mail, and gives the client the new address."),
        gettext_noop("RCPT and VRFY get 551 with the new address."),
    ),
    "list": KindWords(
        gettext_noop("Mailing list"),
        gettext_noop("Accepts mail for a mailing list."),
        gettext_noop("RCPT gets 250. EXPN gets 250 with the members, VRFY 252."),
    ),
    "ambiguous": KindWords(
        gettext_noop("Ambiguous: rejects mail"),
        gettext_noop("Rejects mail, since the name may mean several people."),
        gettext_noop("RCPT and VRFY get 553 with the targets as the choices."),
    ),
}

# Their names are shown, too: makemessages finds them here.
_NAMES = (
    gettext_noop("mailbox"),
    gettext_noop("alias"),
    gettext_noop("forwarded"),
    gettext_noop("moved"),
    gettext_noop("list"),
    gettext_noop("ambiguous"),
)
