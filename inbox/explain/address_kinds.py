"""The kinds of known addresses, and what each answers (RFC 5321 §3.4, §3.5)."""

from __future__ import annotations

from typing import Literal, get_args

from django.utils.translation import gettext_noop

AddressKind = Literal["mailbox", "alias", "forwarded", "moved", "list", "ambiguous"]
ADDRESS_KINDS: tuple[AddressKind, ...] = get_args(AddressKind)

KIND_WORDS: dict[AddressKind, str] = {
    "mailbox": gettext_noop(
        "Mail is taken: RCPT gets 250. VRFY tells name and address."
    ),
    "alias": gettext_noop(
        "Another name for one mailbox or more: RCPT gets 250, VRFY and EXPN tell "
        "the targets."
    ),
    "forwarded": gettext_noop(
        "Moved, but mail is taken: RCPT and VRFY get 251 with the new address."
    ),
    "moved": gettext_noop(
        "Moved, and mail is refused: RCPT and VRFY get 551 with the new address."
    ),
    "list": gettext_noop(
        "A mailing list: RCPT gets 250. EXPN tells the members, VRFY only gets 252."
    ),
    "ambiguous": gettext_noop(
        "May be several people: RCPT and VRFY get 553 with the targets as the choices."
    ),
}

# Their names are shown, too: here makemessages finds them.
_NAMES = (
    gettext_noop("mailbox"),
    gettext_noop("alias"),
    gettext_noop("forwarded"),
    gettext_noop("moved"),
    gettext_noop("list"),
    gettext_noop("ambiguous"),
)
