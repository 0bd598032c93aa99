"""One exchange as a line of a transcript, with everything that its row on a page shows."""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from inbox import pages
from inbox.explain.envelope_parameters import asked
from inbox.explain.flags import FLAG_WORDS, FlagWords, troubled
from inbox.explain.inputs import Exchangelike
from inbox.explain.quantities import counted, duration
from inbox.explain.reasons import reason
from inbox.explain.refusals import advice
from inbox.explain.reply_codes import meaning, tone
from inbox.explain.reply_text import without_link
from inbox.explain.spans import Moment, Span, spans
from mailsink.smtp.protocol.masking import MASK
from mailsink.text import readable

_SIZE = re.compile(r"BDAT +([0-9]{1,50})(?![^ ])", re.IGNORECASE)
_OUR_WORDS = ("tls", "notice")  # kinds without a line from the client
_LONG_GAP = 1_000_000  # us; longer gaps are shown
WORTH_A_BAR = 50_000  # us; the same as in static/js/session/line.js


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """An exchange, ready for display. Its text is unescaped: templates escape it."""

    seq: int
    id: str  # of the row: "e7"
    transaction: UUID | None
    url: str
    name: str  # the name of the link for screen readers
    at: str  # since the session opened
    verb: str  # the client's verb, coloured; "" if there is none
    text: str  # the rest of the client's line
    remark: str  # our words in place of the client's unreadable input
    is_body: bool
    tone: str  # of the reply: ok, warning, error or ""
    reply: str  # the reply, or words in its place
    whole_reply: str  # the complete reply, if the words are shorter
    took: str
    slowed: str  # the deliberate delay, and its rule
    rule: str  # that answered, or slowed it
    flags: list[FlagWords]
    gap: str  # the length of the silence before it, if it was long
    troubled: bool  # whether it was refused, or has a flag of trouble
    bars: list[Span]  # the turns: the message on its way, ours, a rule's


def lines(
    exchanges: Iterable[Exchangelike], before: Exchangelike | None = None
) -> Iterator[TranscriptLine]:
    """Yield exchanges as lines; before: the one that precedes the first."""
    for exchange in exchanges:
        yield line(exchange, before)
        before = exchange


def line(exchange: Exchangelike, before: Exchangelike | None = None) -> TranscriptLine:
    """Return an exchange as a line of its transcript; before: the previous one"""
    verb, text = _client(exchange)
    reply, folded = _reply(exchange)
    ready = exchange.ready_us
    at = duration(exchange.received_us)
    delayed = f"+{duration(exchange.delayed_us)}" if exchange.delayed_us else ""
    rule = _("rule “%(rule)s”") % {"rule": exchange.rule} if exchange.rule else ""
    free = _free_at(before)
    return TranscriptLine(
        seq=exchange.seq,
        id=f"e{exchange.seq}",
        transaction=exchange.transaction_id,
        url=pages.line(exchange.session_id, exchange.seq),
        name=_("Line %(seq)s, at %(at)s") % {"seq": exchange.seq, "at": at},
        at=at,
        verb=verb,
        text=text,
        remark=_remark(exchange),
        is_body=exchange.kind in ("body", "chunk"),
        tone=tone(exchange.code),
        reply=reply,
        whole_reply=exchange.reply if folded else "",
        took="" if ready is None else duration(max(0, ready - exchange.received_us)),
        slowed=f"{delayed} {rule}".strip(),
        rule=exchange.rule,
        flags=[FLAG_WORDS[word] for word in exchange.flags.split()],
        troubled=troubled(exchange.code, exchange.flags),
        gap=_gap(exchange, free),
        bars=_bars(exchange, free),
    )


def _free_at(before: Exchangelike | None) -> int:
    """Return when the client's turn began: when the previous reply was written."""
    if before is None:
        return 0
    return max(before.received_us, before.replied_us or before.ready_us or 0)


def _gap(exchange: Exchangelike, free: int) -> str:
    silent = exchange.received_us - free
    if silent <= _LONG_GAP:
        return ""
    if exchange.kind in ("body", "chunk"):
        return _("uploading for %(time)s") % {"time": duration(silent)}
    return _("silent for %(time)s") % {"time": duration(silent)}


def _bars(exchange: Exchangelike, free: int) -> list[Span]:
    moment = Moment(
        exchange.kind,
        exchange.received_us,
        exchange.ready_us,
        exchange.replied_us,
        exchange.delayed_us,
    )
    drawn = (span for span in spans([moment], free) if span.took_us >= WORTH_A_BAR)
    return [span for span in drawn if span.owner != "client"]


Said = list[tuple[str, list[str]]]  # terms with their descriptions


def details(exchange: Exchangelike, then: Sequence[str] = (), client: str = "") -> Said:
    """Return the explanation of an exchange: first the reason and the fix, then the protocol.

    then: what the client did next, in words; client: its library, for `advice`.
    """
    return [*reasons(exchange, then, client), *protocol(exchange)]


def reasons(exchange: Exchangelike, then: Sequence[str] = (), client: str = "") -> Said:
    """Return the reason for an exchange's reply, the fix, and the client's next step."""
    said: Said = []
    if exchange.direction == "out":
        return said
    if why := reason(exchange):
        said.append((_("Why"), [why]))
    if known := advice(exchange, client):
        said.append((_("Fix"), [each for each in (known.fix, known.setting) if each]))
    if then:
        said.append((_("The client then"), list(then)))
    return said


def protocol(exchange: Exchangelike) -> Said:
    """Return the protocol's side of an exchange: the meaning of its codes, and its times."""
    said: Said = []
    if exchange.code is not None:
        words = meaning(exchange.code, exchange.enhanced, exchange.verb)
        said.append((_("Means"), words))
    if exchange.code == 334 and (challenge := _challenge(exchange.reply)):
        said.append((_("Challenge"), [challenge]))
    understood = exchange.verb in ("MAIL", "RCPT") and exchange.code != 501
    if understood and (effects := asked(exchange.line)):
        said.append((_("Asks for"), effects))
    return [*said, *_times(exchange), (_("Size"), [counted(exchange.octets, "byte")])]


def _times(exchange: Exchangelike) -> Iterator[tuple[str, list[str]]]:
    received = {"time": duration(exchange.received_us)}
    yield _("Received"), [_("%(time)s after connecting") % received]
    if exchange.ready_us is not None:
        took = max(0, exchange.ready_us - exchange.received_us)
        yield _("Mailsink took"), [duration(took)]
    if exchange.delayed_us:
        delayed = {"time": duration(exchange.delayed_us)}
        yield _("A rule took"), [_("%(time)s, on purpose") % delayed]
    if exchange.replied_us is not None:
        waited = max(0, exchange.replied_us - exchange.received_us)
        yield _("Client waited"), [duration(waited)]
    elif exchange.reply:
        yield (
            _("Client waited"),
            [_("the reply could not be sent: the client had disconnected")],
        )


def _challenge(reply: str) -> str:
    """Return the text of a 334's challenge, decoded from base64 (RFC 4954 §4); "" if masked."""
    try:
        return readable(a2b_base64(reply[4:], strict_mode=True))
    except ValueError:
        return ""


def _client(exchange: Exchangelike) -> tuple[str, str]:
    if exchange.kind in _OUR_WORDS:
        return "", ""
    verb, text = exchange.verb, exchange.line
    if verb and text[: len(verb)].upper() == verb:
        return text[: len(verb)], text[len(verb) :].lstrip()
    return "", text


def _remark(exchange: Exchangelike) -> str:
    if exchange.kind == "chunk":
        return _chunk(exchange)
    if exchange.kind == "body":
        octets = counted(exchange.octets, "byte")
        return _so_far(exchange, _("%(octets)s of message") % {"octets": octets})
    if exchange.kind in _OUR_WORDS:
        return exchange.line
    if exchange.kind == "connect" and exchange.direction == "out" and exchange.seq > 1:
        return _("roles reversed: Mailsink is the client from here on")
    if exchange.kind == "connect" and not exchange.line:
        return _("connected")
    if exchange.kind == "auth" and not exchange.verb:
        return _("answer to the challenge")
    if exchange.line == MASK:
        return _("redacted: it may contain a password")
    return ""


def _so_far(exchange: Exchangelike, came: str) -> str:
    """Return how much arrived, and whether that was all."""
    if _cut_off(exchange):
        return _("%(came)s, then cut off") % {"came": came}
    return came if exchange.code else _("%(came)s so far") % {"came": came}


def _cut_off(exchange: Exchangelike) -> bool:
    return "aborted_in_data" in exchange.flags.split()


def _chunk(exchange: Exchangelike) -> str:
    """Return how much of a chunk arrived, of its announced size (RFC 3030)."""
    announced = _SIZE.match(exchange.line)
    if announced is None:
        return ""
    size = int(announced[1])
    whole = counted(size, "byte")
    if exchange.code is None or _cut_off(exchange):
        octets = f"{exchange.octets:,}"
        came = _("%(octets)s of %(size)s") % {"octets": octets, "size": whole}
        return _so_far(exchange, came)
    if exchange.code >= 400:
        return _("%(size)s, refused") % {"size": whole} if exchange.octets else ""
    return (
        _("%(octets)s of message") % {"octets": whole} if size else _("no more bytes")
    )


def _reply(exchange: Exchangelike) -> tuple[str, bool]:
    lines = without_link(exchange.reply).split("\n") if exchange.reply else []
    if len(lines) < 3:
        return " ".join(lines), False
    if exchange.verb in ("EHLO", "LHLO"):
        return f"{exchange.code} {counted(len(lines) - 1, 'extension')}", True
    return f"{lines[0]} … {counted(len(lines), 'line')}", True
