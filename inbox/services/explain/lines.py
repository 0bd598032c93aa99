"""One exchange as a line of a transcript: everything that its row on a page shows."""

from __future__ import annotations

import re
from binascii import a2b_base64
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from inbox.services.explain.codes import meaning, tone
from inbox.services.explain.flags import FLAG_WORDS, FlagWords
from inbox.services.explain.parameters import asked
from inbox.services.explain.quantities import counted, duration
from mailsink.text import readable

# Of a refusal, to the very line that shows it: the side panel has the reply whole.
_LINK = re.compile(r" \(why: \S+\)$")
_SIZE = re.compile(r"BDAT +([0-9]{1,50})(?![^ ])", re.IGNORECASE)
_OUR_WORDS = ("tls", "notice")  # kinds whose line the client never sent


class Exchangelike(Protocol):
    """What is read of an exchange, be it a row or a model instance."""

    @property
    def session_id(self) -> UUID: ...
    @property
    def seq(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def line(self) -> str: ...
    @property
    def octets(self) -> int: ...
    @property
    def received_us(self) -> int: ...
    @property
    def ready_us(self) -> int | None: ...
    @property
    def replied_us(self) -> int | None: ...
    @property
    def delayed_us(self) -> int: ...
    @property
    def code(self) -> int | None: ...
    @property
    def enhanced(self) -> str: ...
    @property
    def reply(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def flags(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Line:
    """An exchange, ready to be shown. What is text is unescaped: templates escape it."""

    id: str  # of the row: "e7"
    url: str
    name: str  # what the link is called aloud
    at: str  # milliseconds since the session opened
    verb: str  # the client's verb, coloured; "" where there is none
    text: str  # the rest of the client's line
    remark: str  # our own words where the client said nothing readable
    is_body: bool
    tone: str  # of the reply: ok, warn, bad or ""
    reply: str  # the reply, or the words that stand for it
    folded: bool  # those words stand for a longer reply
    took: str
    slowed: str  # on purpose: by how much, and by which rule
    flags: list[FlagWords]


def line(exchange: Exchangelike) -> Line:
    """Return an exchange as a line of its transcript."""
    verb, text = _client(exchange)
    reply, folded = _reply(exchange)
    ready = exchange.ready_us
    at = f"{exchange.received_us / 1000:,.0f}"
    delayed = f"+{duration(exchange.delayed_us)}" if exchange.delayed_us else ""
    rule = f"rule “{exchange.rule}”" if exchange.rule else ""
    return Line(
        id=f"e{exchange.seq}",
        url=f"/sessions/{exchange.session_id}?exchange={exchange.seq}#e{exchange.seq}",
        name=f"Line {exchange.seq}, at {at} ms",
        at=at,
        verb=verb,
        text=text,
        remark=_remark(exchange),
        is_body=exchange.kind in ("body", "chunk"),
        tone=tone(exchange.code),
        reply=reply,
        folded=folded,
        took="" if ready is None else duration(max(0, ready - exchange.received_us)),
        slowed=f"{delayed} {rule}".strip(),
        flags=[FLAG_WORDS[word] for word in exchange.flags.split()],
    )


def details(exchange: Exchangelike) -> list[tuple[str, list[str]]]:
    """Return terms with their descriptions: what the side panel says of an exchange."""
    said: list[tuple[str, list[str]]] = []
    if exchange.code is not None:
        words = meaning(exchange.code, exchange.enhanced, exchange.verb)
        said.append(("Means", words))
    if exchange.code == 334 and (challenge := _challenge(exchange.reply)):
        said.append(("Challenge", [challenge]))
    if exchange.rule:
        said.append(("Because", [f"rule “{exchange.rule}”"]))
    understood = exchange.verb in ("MAIL", "RCPT") and exchange.code != 501
    if understood and (wishes := asked(exchange.line)):
        said.append(("Asks for", wishes))
    said.append(("Received", [f"{duration(exchange.received_us)} after the connect"]))
    said.append(("Octets", [f"{exchange.octets:,}"]))
    if exchange.ready_us is not None:
        took = max(0, exchange.ready_us - exchange.received_us)
        said.append(("We took", [duration(took)]))
    if exchange.delayed_us:
        said.append(("Delayed", [f"{duration(exchange.delayed_us)}, on purpose"]))
    if exchange.replied_us is not None:
        waited = max(0, exchange.replied_us - exchange.received_us)
        said.append(("Client waited", [duration(waited)]))
    elif exchange.reply:
        said.append(("Client waited", ["the reply could not be written: it had left"]))
    return said


def _challenge(reply: str) -> str:
    """Return what a 334 asks, out of its base64 (RFC 4954 §4); "" where it is masked."""
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
        return f"{counted(exchange.octets, 'octet')} of message{_so_far(exchange)}"
    if exchange.kind in _OUR_WORDS:
        return exchange.line
    if exchange.kind == "connect" and not exchange.line:
        return "connected"
    if exchange.kind == "auth" and not exchange.verb:
        return "answer to the challenge"
    return ""


def _so_far(exchange: Exchangelike) -> str:
    if "aborted_in_data" in exchange.flags.split():
        return ", then cut off"
    return "" if exchange.code else " so far"


def _chunk(exchange: Exchangelike) -> str:
    """How much came of a chunk, of as much as its line announced (RFC 3030)."""
    announced = _SIZE.match(exchange.line)
    if announced is None:
        return ""
    size, so_far = int(announced[1]), _so_far(exchange)
    if so_far:
        return f"{exchange.octets:,} of {counted(size, 'octet')}{so_far}"
    if (exchange.code or 0) >= 400:
        return f"{counted(size, 'octet')}, refused" if exchange.octets else ""
    return f"{counted(size, 'octet')} of message" if size else "no more octets"


def _reply(exchange: Exchangelike) -> tuple[str, bool]:
    lines = _LINK.sub("", exchange.reply).split("\n") if exchange.reply else []
    if len(lines) < 3:
        return " ".join(lines), False
    if exchange.verb in ("EHLO", "LHLO"):
        return f"{exchange.code} {counted(len(lines) - 1, 'extension')}", True
    return f"{lines[0]} … {counted(len(lines), 'line')}", True
