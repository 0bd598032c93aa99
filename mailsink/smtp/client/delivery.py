"""Hands one message to a next hop: its envelope, and DATA or BDAT."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mailsink.smtp.client.extensions_offered import OfferedExtensions
from mailsink.smtp.client.hop_dialogue import (
    HopDialogue,
    HopSteps,
    MessageEnds,
    ReadMore,
    ReportResults,
    Stopped,
    deferred,
    failed,
    in_step,
    result_of,
)
from mailsink.smtp.client.hop_envelope import Results, send_envelope
from mailsink.smtp.client.hop_values import (
    OutgoingMail,
    RecipientResult,
)
from mailsink.smtp.client.reply_reader import PeerReply

# Seconds for a reply (RFC 5321 §4.5.3.2).
_DATA = 120.0
_BLOCK = 180.0
_END = 600.0
_RESET = 60.0

_CHUNK = 256 * 1024  # octets
_MOST_RECIPIENTS = 100  # of a transaction: every server takes 100 (§4.5.3.1.8)

_UNKNOWN = (
    "The whole message was sent, but the session ended before the reply to it came: it "
    "may have arrived, and may arrive again with the next try."
)


def deliver(dialogue: HopDialogue, mail: OutgoingMail) -> HopSteps[None]:
    """Deliver a message to all of its recipients, and report each; raises Stopped."""
    results: Results = [None] * len(mail.recipients)
    stopped = None
    try:
        yield from _transactions(dialogue, mail, results)
    except Stopped as error:
        stopped = error
    except OSError as error:
        text = f"The message could not be read: {error.strerror}."
        stopped = Stopped("error", deferred(text, "4.3.0"))
    if stopped is not None:
        _fill(results, stopped.result)
    yield ReportResults(mail, tuple(result for result in results if result is not None))
    if stopped is not None:
        raise stopped


def _transactions(
    dialogue: HopDialogue, mail: OutgoingMail, results: Results
) -> HopSteps[None]:
    """Run as many transactions as the recipients need."""
    reason = _impossible(mail, dialogue.offer, secure=dialogue.secure)
    if reason is not None:
        dialogue.transcript.notice(reason.text)
        _fill(results, reason)
        return
    most = min(dialogue.offer.limit("RCPTMAX") or _MOST_RECIPIENTS, _MOST_RECIPIENTS)
    numbers = range(len(mail.recipients))
    for first in range(0, len(numbers), most):
        yield from _transact(dialogue, mail, numbers[first : first + most], results)


def _transact(
    dialogue: HopDialogue, mail: OutgoingMail, numbers: range, results: Results
) -> HopSteps[None]:
    """Send the message to the recipients with these numbers."""
    accepted = yield from send_envelope(dialogue, mail, numbers, results)
    if not accepted:
        yield from dialogue.command("RSET", _RESET)
        return
    send_body = _send_chunks if dialogue.offer.has("CHUNKING") else _send_data
    reply = yield from send_body(dialogue, mail)
    result = result_of(reply)
    if result.state == "delivered":
        dialogue.transcript.delivered()
        result = result._replace(reports=dialogue.offer.has("DSN"))
    for number in accepted:
        results[number] = result
    # RFC 3030 §2; many servers also keep the transaction after DATA.
    if result.state != "delivered":
        yield from dialogue.command("RSET", _RESET)


def _send_data(dialogue: HopDialogue, mail: OutgoingMail) -> HopSteps[PeerReply]:
    """Send DATA and the message, dots doubled (RFC 5321 §4.5.2); return the reply."""
    reply = yield from dialogue.command("DATA", _DATA)
    if in_step(reply, 3).code != 354:
        return reply
    transcript = dialogue.transcript
    seq, octets = transcript.sent("body", "", "", 0), 0
    pieces = with_dots_doubled(mail.pieces())
    while (piece := (yield ReadMore(pieces))) is not None:
        dialogue.write(piece)
        octets += len(piece)
        yield from dialogue.writable(seq, _BLOCK)
    transcript.grew(seq, octets + 3)
    yield MessageEnds(mail)
    dialogue.check_stop()
    dialogue.write(b".\r\n")
    return (yield from _last_reply(dialogue, seq))


def _send_chunks(dialogue: HopDialogue, mail: OutgoingMail) -> HopSteps[PeerReply]:
    """Send the message unchanged in chunks, with BDAT (RFC 3030).

    Return the first refusal, or the last reply.
    """
    chunks = _chunks(mail.pieces())
    while (found := (yield ReadMore(chunks))) is not None:
        chunk, is_last = found
        if is_last:
            yield MessageEnds(mail)
            dialogue.check_stop()
        line = f"BDAT {len(chunk)}{' LAST' if is_last else ''}"
        seq = dialogue.transcript.sent("chunk", "BDAT", line, len(chunk))
        dialogue.write(f"{line}\r\n".encode() + chunk)
        if is_last:
            return (yield from _last_reply(dialogue, seq))
        yield from dialogue.writable(seq, _BLOCK)
        reply = yield from dialogue.reply(seq, _BLOCK)
        if in_step(reply, 2).code >= 400:
            return reply
    raise AssertionError("a message has a last chunk")


def _last_reply(dialogue: HopDialogue, seq: int) -> HopSteps[PeerReply]:
    """Return the reply to a whole message; raises Stopped, which states the doubt."""
    try:
        return in_step((yield from dialogue.reply(seq, _END, is_final=True)), 2)
    except Stopped as stopped:
        if stopped.result.code:
            raise
        text = f"{_UNKNOWN} {stopped.result.text}"
        raise Stopped(stopped.ending, deferred(text)) from None


def with_dots_doubled(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a message as DATA sends it, up to its last CRLF, without the final dot."""
    held = b"\r\n"  # makes a dot at the very beginning follow a line end
    skip = len(held)  # octets that are not part of the message
    for piece in pieces:
        octets = (held + piece).replace(b"\r\n.", b"\r\n..")
        ready, held = octets[:-2], octets[-2:]  # held may be a CRLF before a dot
        if len(ready) > skip:
            yield ready[skip:]
        skip = max(0, skip - len(ready))
    end = held[skip:] if held == b"\r\n" else held[skip:] + b"\r\n"
    if end:
        yield end


def _chunks(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield a message in chunks, each with whether it is the last."""
    chunk = bytearray()
    for piece in pieces:
        if len(chunk) >= _CHUNK:
            yield bytes(chunk), False
            chunk.clear()
        chunk += piece
    yield bytes(chunk), True


def _impossible(
    mail: OutgoingMail, offer: OfferedExtensions, secure: bool
) -> RecipientResult | None:
    """Return why the server cannot take the message as it is, or None.

    The message is never changed for a server.
    """
    needs = mail.needs
    if 0 < offer.size < mail.size:
        text = f"The message has {mail.size} octets, the server takes {offer.size}."
        return failed(text, "5.3.4")
    if needs.binary and not offer.has("CHUNKING"):
        text = (
            "The message has a bare CR or LF, or a NUL, which only CHUNKING sends "
            "unchanged; the server does not offer it."
        )
        return failed(text, "5.6.1")
    if needs.utf8 and not offer.has("SMTPUTF8"):
        text = "The message or an address contains UTF-8; the server does not offer SMTPUTF8."
        return failed(text, "5.6.7")
    if needs.eightbit and not (offer.has("8BITMIME") or needs.utf8):
        text = "The message has 8-bit octets; the server does not offer 8BITMIME."
        return failed(text, "5.6.3")
    if mail.require_tls and not (secure and offer.has("REQUIRETLS")):
        text = (
            "The message came with REQUIRETLS; the server does not offer it within TLS."
        )
        return failed(text, "5.7.30")
    return None


def _fill(results: Results, result: RecipientResult) -> None:
    """Give this result to every recipient that has none yet."""
    results[:] = [result if each is None else each for each in results]
