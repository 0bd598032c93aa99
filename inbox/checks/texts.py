"""The plain text next to the HTML, and the header fields that readers depend on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from inbox.checks.checked_message import CheckedMessage, CheckPlace, shown
from mailsink.mime import bodies, charsets, headers
from mailsink.mime.structure import Part

_COMPARED = 200_000  # characters of each
_FEW = 12  # words; a shorter text is not judged
_SAME = 0.3  # the least share of the HTML's words in the text
_WORD = re.compile(r"[^\W_]{3,40}")
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_META = re.compile(r"charset\s{0,9}=\s{0,9}([\w.:-]{1,64})", re.IGNORECASE)
_TARGET = re.compile(r"<\s*+(https?|mailto):[^<>]{1,2000}>", re.IGNORECASE)
_NO_REPLY = re.compile(r"(?:no|do-?not)[-_.]?reply", re.IGNORECASE)
_UNSUBSCRIBE = re.compile(
    r"unsubscribe|opt[ -]?out|abmelden|abbestellen|désabonner|désinscri|darse de baja|cancelar suscripción"
    r"|disiscriv|afmelden|wypisz|odhlásit|отписаться|配信停止|退订",
    re.IGNORECASE,
)
_BULK_FIELDS = (
    "List-Id",
    "Feedback-ID",
    "List-Post",
    "X-Campaign",
    "X-CampaignID",
    "X-Mailgun-Tag",
)
_EMOJI = re.compile("[\u2600-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]")
_PREVIEW = 90  # characters
_DECODED = 1024 * 1024  # octets of a part, as sent, whose charset is checked
_LONGEST_CHARACTER = 4  # octets


def no_subject(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield if there is no subject."""
    if not mail.value("subject").strip():
        yield CheckPlace("no_subject", "Subject")


def emoji_in_subject(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield if the subject has emoji."""
    subject = mail.value("subject")
    if _EMOJI.search(subject):
        yield CheckPlace("emoji_in_subject", "Subject", None, shown(subject))


def missing_text_part(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield if there is HTML without a plain text that says the same."""
    if not mail.html or mail.has_empty_text:
        return
    if mail.reading.is_text_made:
        yield CheckPlace("no_text_part")
    elif words := _differs(mail.text, mail.html_text):
        yield CheckPlace("text_differs", "Text", None, shown(mail.text), words)


def empty_text_part(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield if the text next to the HTML is empty."""
    if mail.has_empty_text and mail.html:
        yield CheckPlace("empty_text_part", "Text")


def _differs(text: str, html_text: str) -> str:
    """Return the low share of common words, in words; "" if it is sufficient."""
    wanted, has = _words(html_text), _words(text)
    if len(wanted) < _FEW or len(wanted & has) / len(wanted) >= _SAME:
        return ""
    figures = {"n": len(wanted & has), "all": len(wanted)}
    return _("%(n)s of the %(all)s words in the HTML are in the text.") % figures


def _words(text: str) -> set[str]:
    return set(_WORD.findall(_LINK.sub(" ", text[:_COMPARED]).lower()))


def wrong_charset(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield non-ASCII texts without a charset, and a <meta> that contradicts it."""
    for part in _texts(mail):
        if not part.charset and not bodies.decode(mail.octets, part).isascii():
            yield CheckPlace(
                "no_charset", words=_("Part %(number)s") % {"number": part.number}
            )
    declared = {part.charset for part in mail.html_parts if part.charset}
    for element in mail.page.elements[:200]:
        if element.name != "meta" or len(declared) != 1:
            continue
        named = element.attributes.get("charset", "")
        if match := _META.search(element.attributes.get("content", "")[:500]):
            named = match[1]
        if named and not _same(named, *declared):
            yield mail.at(
                "charset_differs",
                element,
                f"{named[:60]} / {next(iter(declared))[:60]}",
            )


def undecodable_texts(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield non-ASCII texts that are invalid in their declared charset."""
    for part in _texts(mail):
        if not part.charset:
            continue
        body = bodies.decode_beginning(mail.octets, part, _DECODED)
        if body.isascii() or _is_in(body, part.charset, part.size > _DECODED):
            continue
        place = _("Part %(number)s") % {"number": part.number}
        yield CheckPlace("undecodable_text", place, None, shown(part.charset))


def _texts(mail: CheckedMessage) -> Iterator[Part]:
    wanted = ("text/plain", "text/html")
    return (part for part in mail.parsed.parts if part.content_type in wanted)


def _is_in(body: bytes, charset: str, cut: bool) -> bool:
    """Whether octets are text in a charset.

    cut: more follow, so the last character may be incomplete
    """
    known = charsets.codec(charset)
    if known is None:
        return False
    ends = range(_LONGEST_CHARACTER if cut else 1)
    return any(
        charsets.strictly(body[: len(body) - n], known) is not None for n in ends
    )


def _same(one: str, other: str) -> bool:
    known = charsets.codec(one.lower()), charsets.codec(other)
    return one.lower() == other or (known[0] is not None and known[0] == known[1])


def missing_unsubscribe(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield if bulk mail has no List-Unsubscribe (RFC 2369)."""
    if not mail.value("list-unsubscribe") and (sign := _bulk(mail)):
        yield CheckPlace("no_list_unsubscribe", "List-Unsubscribe", None, "", sign)


def poor_unsubscribe(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield if List-Unsubscribe does not allow one click (RFC 2369, RFC 8058)."""
    value = mail.value("list-unsubscribe")
    if not value:
        return
    schemes = {match[1].lower() for match in _TARGET.finditer(value[:10_000])}
    if not schemes:
        yield CheckPlace("bad_list_unsubscribe", "List-Unsubscribe", None, shown(value))
        return
    post = mail.value("list-unsubscribe-post").replace(" ", "").lower()
    if post != "list-unsubscribe=one-click" or "https" not in schemes:
        yield CheckPlace("not_one_click", "List-Unsubscribe", None, shown(value))


def _bulk(mail: CheckedMessage) -> str:
    """Return the sign of bulk mail; "" if there is none."""
    if mail.value("precedence").lower() in ("bulk", "list", "junk"):
        return _("The header indicates it: %(field)s") % {"field": "Precedence"}
    for name in _BULK_FIELDS:
        if mail.field(name):
            return _("The header indicates it: %(field)s") % {"field": name}
    if match := _UNSUBSCRIBE.search(
        f"{mail.text[:_COMPARED]}\n{mail.html_text[:_COMPARED]}"
    ):
        return _("Its text says “%(word)s”.") % {"word": match[0]}
    return ""


def no_reply(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield if replies go to an address that nobody reads."""
    sender = mail.field("from")
    if not sender or mail.field("reply-to"):
        return
    for each in headers.addresses(sender.encoded)[:1]:
        if _NO_REPLY.match(each.address):
            yield CheckPlace("no_reply", "From", None, shown(each.address))


def preview_text(mail: CheckedMessage) -> Iterator[CheckPlace]:
    """Yield the first words of the HTML, which message lists show."""
    words = " ".join(mail.html_text[:2000].split())
    if words:
        yield CheckPlace("preview_text", "HTML", None, words[:_PREVIEW])
