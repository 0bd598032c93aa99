"""Hands the envelope of a message to a next hop: MAIL and RCPT."""

from __future__ import annotations

from collections.abc import Sequence

from mailsink.smtp.client.extensions_offered import OfferedExtensions
from mailsink.smtp.client.hop_dialogue import (
    HopDialogue,
    HopSteps,
    LastLook,
    failed,
    in_step,
    result_of,
)
from mailsink.smtp.client.hop_values import (
    OutgoingMail,
    OutgoingRecipient,
    RecipientResult,
)
from mailsink.smtp.client.reply_reader import PeerReply

_MAIL = 300.0  # seconds for a reply (RFC 5321 §4.5.3.2)

Results = list[RecipientResult | None]


def send_envelope(
    dialogue: HopDialogue, mail: OutgoingMail, numbers: range, results: Results
) -> HopSteps[list[int]]:
    """Send MAIL and RCPT; return the numbers of the recipients that were accepted."""
    pipelined = dialogue.offer.has("PIPELINING")
    allowed = yield from _allowed(mail, numbers, results)
    if not allowed:
        return []
    parameters = _mail_parameters(mail, dialogue.offer)
    mail_seq = dialogue.send(f"MAIL FROM:<{mail.reverse_path}>{_joined(parameters)}")
    waiting: list[tuple[int, int]] = []
    if pipelined:
        waiting = [(n, _send_rcpt(dialogue, mail.recipients[n])) for n in allowed]
    reply = yield from dialogue.reply(mail_seq, _MAIL)
    in_step(reply, 2)
    if reply.code >= 400:
        for _, seq in waiting:  # the server answers them too (RFC 2920 §3.1)
            yield from dialogue.reply(seq, _MAIL)
        for number in allowed:
            results[number] = _refused_mail(reply)
        return []
    if pipelined:
        return (yield from _recipient_replies(dialogue, waiting, results))
    accepted = []
    for number in allowed:  # check each again: the server may have taken long
        if (yield from _allowed(mail, [number], results)):
            sent = [(number, _send_rcpt(dialogue, mail.recipients[number]))]
            accepted += yield from _recipient_replies(dialogue, sent, results)
    return accepted


def _allowed(
    mail: OutgoingMail, numbers: Sequence[int], results: Results
) -> HopSteps[list[int]]:
    """Check these recipients again; return the numbers of those that may get mail."""
    reasons = yield LastLook(mail)
    for number in numbers:
        if reasons[number]:
            results[number] = failed(reasons[number], "5.7.1")
    return [number for number in numbers if not reasons[number]]


def _recipient_replies(
    dialogue: HopDialogue, sent: Sequence[tuple[int, int]], results: Results
) -> HopSteps[list[int]]:
    """Read the replies to RCPT; return the numbers of the accepted recipients.

    sent: the number of each recipient, and the seq of its RCPT
    """
    accepted = []
    for number, seq in sent:
        reply = yield from dialogue.reply(seq, _MAIL)
        if in_step(reply, 2).code < 400:
            accepted.append(number)
        else:
            results[number] = _refused_recipient(reply)
    return accepted


def _send_rcpt(dialogue: HopDialogue, recipient: OutgoingRecipient) -> int:
    parameters = _rcpt_parameters(recipient, dialogue.offer)
    return dialogue.send(f"RCPT TO:<{recipient.forward_path}>{_joined(parameters)}")


def _refused_mail(reply: PeerReply) -> RecipientResult:
    """Return the result of a refused MAIL; 503 is about the session, not the mail."""
    result = result_of(reply)
    return result._replace(state="deferred") if reply.code == 503 else result


def _refused_recipient(reply: PeerReply) -> RecipientResult:
    """Return the result of a refused RCPT.

    Here 552 means too many recipients (RFC 5321 §4.5.3.1.10).
    """
    result = result_of(reply)
    return result._replace(state="deferred") if reply.code == 552 else result


def _mail_parameters(mail: OutgoingMail, offer: OfferedExtensions) -> list[str]:
    needs, parameters = mail.needs, []
    if offer.has("SIZE"):
        parameters.append(f"SIZE={mail.size}")
    if needs.binary and offer.has("BINARYMIME"):
        parameters.append("BODY=BINARYMIME")
    elif needs.eightbit and offer.has("8BITMIME"):
        parameters.append("BODY=8BITMIME")
    if needs.utf8:
        parameters.append("SMTPUTF8")
    if mail.require_tls:
        parameters.append("REQUIRETLS")
    if offer.has("DSN"):
        parameters += [f"RET={mail.ret}"] if mail.ret else []
        parameters += [f"ENVID={mail.envid}"] if mail.envid else []
    return parameters


def _rcpt_parameters(
    recipient: OutgoingRecipient, offer: OfferedExtensions
) -> list[str]:
    if not offer.has("DSN"):
        return []
    parameters = [f"NOTIFY={recipient.notify}"] if recipient.notify else []
    return parameters + ([f"ORCPT={recipient.orcpt}"] if recipient.orcpt else [])


def _joined(parameters: list[str]) -> str:
    return "".join(f" {parameter}" for parameter in parameters)
