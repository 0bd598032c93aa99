"""Notices about messages that are not just text: signed, encrypted, a bounce, ….

Never raises; linear time. At most MOST notices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from mailsink.mime import bodies, calendars, report_notices, reports, tnef
from mailsink.mime.reading import Reading
from mailsink.mime.structure import Part
from mailsink.translatable import TranslatableText, gettext_noop

MOST = 20
_LOOKED_AT = 64 * 1024  # octets of a body, as sent
_SHOWN = 120  # characters of a value


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice about the message, caused by one part. kind: a word for programs."""

    kind: str
    part: Part
    text: TranslatableText  # to be translated


def notices(reading: Reading, reverse_path: str | None = None) -> list[Notice]:
    """Return the notices about a message from its parts, without enclosed messages.

    reverse_path: of its envelope; None if that is unknown
    """
    return list(islice(_all(reading, reverse_path), MOST))


def _all(reading: Reading, reverse_path: str | None) -> Iterator[Notice]:
    inside: Part | None = None  # the enclosed message that is skipped
    for part in reading.structure.parts:
        if inside and part.depth > inside.depth:
            continue
        inside = part if part.encloses and part.parent else None
        describe = _NOTICES.get(part.content_type)
        if (
            notice := describe(reading.octets, part)
            if describe
            else _by_name(reading, part)
        ):
            yield notice
    if notice := _report(reading, reverse_path):
        yield notice
    for part in reading.choice.text:
        if notice := _inline_pgp(reading.octets, part):
            yield notice


def _notice(kind: str, part: Part, words: str, **values: object) -> Notice:
    cut = {name: str(value)[:_SHOWN] for name, value in values.items()}
    return Notice(kind, part, TranslatableText(words, **cut))


# S/MIME (RFC 8551)
_SMIME = {
    "signed-data": ("smime_signed", gettext_noop(
        "It is signed with S/MIME, and its content is inside the signature (opaque): email "
        "clients without S/MIME show only a file.")),
    "enveloped-data": ("smime_encrypted", gettext_noop(
        "It is encrypted with S/MIME: only the owner of the private key can read it.")),
    "authenveloped-data": ("smime_encrypted", gettext_noop(
        "It is encrypted with S/MIME (AuthEnvelopedData): only the owner of the "
        "private key can read it.")),
    "compressed-data": ("smime_compressed", gettext_noop(
        "Its content is compressed with S/MIME: email clients without S/MIME show only a file.")),
    "certs-only": ("smime_certificates", gettext_noop(
        "It contains S/MIME certificates and no text.")),
}  # fmt: skip
# The object identifiers at the start of a CMS message (RFC 5652 §14, RFC 5083, RFC
# 3274), in DER
_CMS = {
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02": "signed-data",
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03": "enveloped-data",
    b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17": "authenveloped-data",
    b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09": "compressed-data",
}


def _smime(octets: bytes, part: Part) -> Notice:
    kind = part.parameters.get("smime-type", "").lower()
    if kind not in _SMIME:
        start = bodies.decode_beginning(octets, part, 64)[:40]
        kind = next((name for oid, name in _CMS.items() if oid in start), "")
    if kind not in _SMIME:
        words = gettext_noop("It is an S/MIME message of an unstated kind.")
        return _notice("smime", part, words)
    return _notice(_SMIME[kind][0], part, _SMIME[kind][1])


def _signed(octets: bytes, part: Part) -> Notice:
    """multipart/signed (RFC 1847)."""
    protocol = part.parameters.get("protocol", "").lower()
    if "pkcs7-signature" in protocol:
        words = gettext_noop(
            "It is signed with S/MIME. The signature is not checked here."
        )
        return _notice("smime_signed", part, words)
    if protocol == "application/pgp-signature":
        words = gettext_noop(
            "It is signed with OpenPGP. The signature is not checked here."
        )
        return _notice("pgp_signed", part, words)
    words = gettext_noop("It is signed with an unknown protocol: “%(protocol)s”.")
    return _notice("signed", part, words, protocol=protocol)


def _encrypted(octets: bytes, part: Part) -> Notice:
    """multipart/encrypted (RFC 1847, RFC 3156 §4)."""
    protocol = part.parameters.get("protocol", "").lower()
    if protocol in ("", "application/pgp-encrypted"):
        words = gettext_noop(
            "It is encrypted with OpenPGP: only the owner of the private key can read it."
        )
        return _notice("pgp_encrypted", part, words)
    words = gettext_noop("It is encrypted with an unknown protocol: “%(protocol)s”.")
    return _notice("encrypted", part, words, protocol=protocol)


def _pgp_version(octets: bytes, part: Part) -> Notice | None:
    """The first part of a multipart/encrypted (RFC 3156 §4), found outside one."""
    if part.parent and part.parent.content_type == "multipart/encrypted":
        return None
    words = gettext_noop(
        "It is encrypted with OpenPGP, and a server on the way has changed its structure, as "
        "Exchange does: email clients show only attachments."
    )
    return _notice("pgp_encrypted", part, words)


def _keys(octets: bytes, part: Part) -> Notice:
    return _notice("pgp_keys", part, gettext_noop("It carries an OpenPGP key."))


_ARMOURS = (
    ("-----BEGIN PGP MESSAGE-----", "pgp_encrypted", gettext_noop(
        "Its text is encrypted with OpenPGP: only the owner of the private key can read it.")),
    ("-----BEGIN PGP SIGNED MESSAGE-----", "pgp_signed", gettext_noop(
        "Its text is signed with OpenPGP. The signature is not checked here.")),
    ("-----BEGIN PGP PUBLIC KEY BLOCK-----", "pgp_keys", gettext_noop(
        "It carries an OpenPGP key.")),
)  # fmt: skip


def _inline_pgp(octets: bytes, part: Part) -> Notice | None:
    """OpenPGP inside the text (RFC 9580 §6.2), at the beginning of a line."""
    text = "\n" + bodies.beginning_of(octets, part, _LOOKED_AT)
    for armour, kind, words in _ARMOURS:
        if f"\n{armour}" in text:
            return _notice(kind, part, words)
    return None


def _tnef(octets: bytes, part: Part) -> Notice:
    decoded = bodies.decode(octets, part)
    if not tnef.is_tnef(decoded):
        words = gettext_noop(
            "It claims to be in Outlook's own format (TNEF), but is not."
        )
        return _notice("tnef", part, words)
    words = gettext_noop(
        "It contains a winmail.dat, Outlook's own format (TNEF); files in it: "
        "%(count)s. Other email clients show only winmail.dat. Set Outlook to send "
        "HTML or plain text."
    )
    return _notice("tnef", part, words, count=len(tnef.files(decoded)))


def _partial(octets: bytes, part: Part) -> Notice:
    """message/partial (RFC 2046 §5.2.2)."""
    parameters = part.parameters
    words = gettext_noop(
        "It is piece %(number)s of %(total)s of a message that was split "
        "(message/partial): most email clients do not put the pieces together."
    )
    number, total = parameters.get("number") or "?", parameters.get("total") or "?"
    return _notice("partial", part, words, number=number, total=total)


def _external(octets: bytes, part: Part) -> Notice:
    """message/external-body (RFC 2046 §5.2.3, RFC 2017)."""
    parameters = part.parameters
    where = parameters.get("url") or "/".join(
        filter(
            None,
            (
                parameters.get("site"),
                parameters.get("directory"),
                parameters.get("name"),
            ),
        )
    )
    words = gettext_noop(
        "The content of a part is not in the message but elsewhere (%(access)s): %(where)s. It is "
        "not fetched."
    )
    access = parameters.get("access-type") or "?"
    return _notice("external_body", part, words, access=access, where=where or "?")


def _report(reading: Reading, reverse_path: str | None) -> Notice | None:
    """A bounce, a receipt, a complaint or an automatic reply."""
    report = reports.read(reading, reverse_path)
    if report is None:
        return None
    kind, words, values = report_notices.notice(report)
    return _notice(kind, report.part, words, **values)


_METHODS = {
    "REQUEST": ("invitation", gettext_noop("It is an invitation: “%(summary)s”.")),
    "CANCEL": ("invitation_cancelled", gettext_noop("It cancels an event: “%(summary)s”.")),
    "COUNTER": ("invitation_counter", gettext_noop(
        "It proposes another time for an event: “%(summary)s”.")),
    "REFRESH": ("invitation_refresh", gettext_noop(
        "It asks for the newest version of an event: “%(summary)s”.")),
}  # fmt: skip
_ANSWERS = {
    "ACCEPTED": gettext_noop("It answers an invitation: %(who)s comes to “%(summary)s”."),
    "DECLINED": gettext_noop("It answers an invitation: %(who)s does not come to “%(summary)s”."),
    "TENTATIVE": gettext_noop("It answers an invitation: %(who)s may come to “%(summary)s”."),
}  # fmt: skip


def _calendar(octets: bytes, part: Part) -> Notice | None:
    """iTIP (RFC 5546): a request, or an answer."""
    beginning = bodies.decode_beginning(octets, part, _LOOKED_AT)
    calendar = calendars.read(beginning, part.charset)
    event = calendar.events[0] if calendar.events else calendars.CalendarEvent()
    method = calendar.method or part.parameters.get("method", "").upper()
    if method == "REPLY":
        person = next(iter(event.attendees), calendars.Attendee("", "?"))
        words = _ANSWERS.get(
            person.status, gettext_noop("%(who)s answers an invitation: “%(summary)s”.")
        )
        who = person.name or person.address
        return _notice("invitation_reply", part, words, who=who, summary=event.summary)
    if method not in _METHODS:
        return None
    kind, words = _METHODS[method]
    return _notice(kind, part, words, summary=event.summary)


def _by_name(reading: Reading, part: Part) -> Notice | None:
    """Return the type of a part that only its file name shows."""
    name = part.filename.lower()
    if part.content_type != "application/octet-stream" or part.children:
        return None
    if name == "winmail.dat":
        return _tnef(reading.octets, part)
    return _smime(reading.octets, part) if name.endswith(".p7m") else None


_Describe = Callable[[bytes, Part], Notice | None]
_NOTICES: dict[str, _Describe] = {
    "multipart/signed": _signed,
    "multipart/encrypted": _encrypted,
    "application/pkcs7-mime": _smime,
    "application/x-pkcs7-mime": _smime,
    "application/pgp-encrypted": _pgp_version,
    "application/pgp-keys": _keys,
    "application/ms-tnef": _tnef,
    "application/vnd.ms-tnef": _tnef,
    "message/partial": _partial,
    "message/external-body": _external,
    "text/calendar": _calendar,
}
