"""Opens a session with a next hop: greeting, EHLO or HELO, STARTTLS, AUTH."""

from __future__ import annotations

import base64
import hmac
import ssl

from mailsink.smtp.client.extensions_offered import NOTHING, offered
from mailsink.smtp.client.hop_dialogue import (
    HopDialogue,
    HopSteps,
    Stopped,
    deferred,
    failed,
    result_of,
)
from mailsink.smtp.client.hop_values import Login, RecipientResult
from mailsink.smtp.client.reply_reader import PeerReply
from mailsink.smtp.protocol.masking import MASK
from mailsink.smtp.tls.layer import TlsLayer

# Seconds for a reply (RFC 5321 §4.5.3.2; RFC 4954 names none).
_GREETING = 300.0
_COMMAND = 300.0
_HANDSHAKE = 60.0
_SECOND = 1_000_000

_NO_TLS_HERE = "The server does not offer STARTTLS, and the route requires TLS."
_PLAIN_LOGIN = (
    "The route has a login, but the connection is not encrypted: the password was not "
    "sent. Let the route require TLS, or switch its TLS off if that is intended."
)


def open_session(dialogue: HopDialogue) -> HopSteps[None]:
    """Bring a fresh connection to the point where MAIL may come; raises Stopped."""
    profile = dialogue.profile
    if profile.tls == "implicit":
        yield from _shake_hands(dialogue)
    yield from greet(dialogue)
    if profile.tls in ("opportunistic", "required") and dialogue.tls is None:
        yield from _start_tls(dialogue)
    if profile.login is not None:
        yield from _log_in(dialogue, profile.login)


def greet(dialogue: HopDialogue) -> HopSteps[None]:
    """Read the greeting, and send EHLO or HELO; raises Stopped."""
    seq = dialogue.transcript.sent("connect", "", "", 0)
    greeting = yield from dialogue.reply(seq, _GREETING)
    if greeting.code != 220:
        raise Stopped("refused", _refused(greeting))
    yield from _hello(dialogue)


def _hello(dialogue: HopDialogue) -> HopSteps[None]:
    """Send EHLO, or HELO if the server does not know EHLO (RFC 5321 §3.2)."""
    name = dialogue.profile.hostname
    dialogue.offer = NOTHING
    reply = yield from dialogue.command(f"EHLO {name}", _COMMAND)
    protocol = "ESMTP"
    if reply.code == 250:
        dialogue.offer = offered(reply)
    elif reply.code >= 500:
        reply = yield from dialogue.command(f"HELO {name}", _COMMAND)
        protocol = "SMTP"
    if reply.code != 250:
        raise Stopped("refused", _refused(reply))
    secure = "S" if dialogue.tls is not None and protocol == "ESMTP" else ""
    dialogue.transcript.update(helo=name, protocol=protocol + secure)


def _start_tls(dialogue: HopDialogue) -> HopSteps[None]:
    """Start TLS if the server offers it (RFC 3207).

    Raises Stopped if the route requires TLS and there is none.
    """
    required = dialogue.profile.tls == "required"
    if not dialogue.offer.has("STARTTLS"):
        if required:
            raise Stopped("tls_failed", deferred(_NO_TLS_HERE, "4.7.4"))
        return
    reply = yield from dialogue.command("STARTTLS", _COMMAND)
    if reply.code != 220:
        if required:
            raise Stopped("tls_failed", result_of(reply)._replace(state="deferred"))
        return
    yield from _shake_hands(dialogue)
    yield from _hello(dialogue)


def _shake_hands(dialogue: HopDialogue) -> HopSteps[None]:
    """Perform the TLS handshake as the client; raises Stopped."""
    profile, transcript = dialogue.profile, dialogue.transcript
    assert profile.context is not None
    seq = transcript.sent("tls", "", "The TLS handshake goes on.", 0)
    try:
        layer = TlsLayer(profile.context, dialogue.wire, profile.server_name)
        dialogue.begin_tls(layer)
        seconds = _HANDSHAKE * profile.patience
        until = transcript.clock() + int(seconds * _SECOND)
        while not layer.shake_hands():
            late = f"The TLS handshake was not done within {seconds:g} seconds."
            yield from dialogue.wait(until, late)
    except (ssl.SSLError, ssl.CertificateError, ValueError) as error:
        reason = _tls_reason(error)
        transcript.grew(seq, 0, reason)
        raise Stopped("tls_failed", deferred(reason, "4.7.5")) from None
    except Stopped as stopped:
        transcript.grew(seq, 0, f"The TLS handshake ended early. {stopped}")
        stopped.ending = "tls_failed" if stopped.ending == "dropped" else stopped.ending
        raise
    transcript.grew(seq, layer.octets, f"{layer.version} with {layer.cipher}")
    transcript.update(
        tls_version=layer.version,
        tls_cipher=layer.cipher,
        tls_sni=profile.server_name,
    )
    dialogue.tls_done()


def _tls_reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of the server is not accepted: {error.verify_message}."
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"TLS failed: {error.reason.lower().replace('_', ' ')}."
    return f"TLS failed: {error}."


def _log_in(dialogue: HopDialogue, login: Login) -> HopSteps[None]:
    """Log in with the best mechanism that both know (RFC 4954); raises Stopped."""
    if dialogue.tls is None and dialogue.profile.tls != "off":
        raise Stopped("error", deferred(_PLAIN_LOGIN, "4.7.11"))
    mechanisms = dialogue.offer.mechanisms
    if "CRAM-MD5" in mechanisms and dialogue.tls is None:
        reply = yield from _cram_md5(dialogue, login)
    elif "PLAIN" in mechanisms:
        reply = yield from _plain(dialogue, login)
    elif "LOGIN" in mechanisms:
        reply = yield from _login(dialogue, login)
    elif "CRAM-MD5" in mechanisms:
        reply = yield from _cram_md5(dialogue, login)
    else:
        offered = ", ".join(sorted(mechanisms)) or "no AUTH"
        text = f"No way to log in: the server offers {offered}, Mailsink knows PLAIN, LOGIN and CRAM-MD5."
        raise Stopped("refused", deferred(text, "4.7.0"))
    if reply.code != 235:
        raise Stopped("refused", result_of(reply)._replace(state="deferred"))
    protocol = "ESMTPSA" if dialogue.tls is not None else "ESMTPA"
    dialogue.transcript.update(auth_username=login.username, protocol=protocol)


def _plain(dialogue: HopDialogue, login: Login) -> HopSteps[PeerReply]:
    dialogue.transcript.update(auth_mechanism="PLAIN")
    secret = _base64(f"\0{login.username}\0{login.password}")
    return (
        yield from dialogue.command(
            f"AUTH PLAIN {secret}", _COMMAND, shown=f"AUTH PLAIN {MASK}"
        )
    )


def _login(dialogue: HopDialogue, login: Login) -> HopSteps[PeerReply]:
    dialogue.transcript.update(auth_mechanism="LOGIN")
    reply = yield from dialogue.command("AUTH LOGIN", _COMMAND)
    for secret in (login.username, login.password):
        if reply.code != 334:
            break
        reply = yield from _response(dialogue, _base64(secret))
    return reply


def _cram_md5(dialogue: HopDialogue, login: Login) -> HopSteps[PeerReply]:
    """Prove the password without sending it (RFC 2195 §2)."""
    dialogue.transcript.update(auth_mechanism="CRAM-MD5")
    reply = yield from dialogue.command("AUTH CRAM-MD5", _COMMAND)
    if reply.code != 334:
        return reply
    try:
        challenge = base64.b64decode(reply.texts[-1], validate=True)
    except ValueError:
        return (yield from _response(dialogue, "*"))
    digest = hmac.new(login.password.encode(), challenge, "md5").hexdigest()
    return (yield from _response(dialogue, _base64(f"{login.username} {digest}")))


def _response(dialogue: HopDialogue, line: str) -> HopSteps[PeerReply]:
    shown = line if line == "*" else MASK
    return (yield from dialogue.command(line, _COMMAND, kind="auth", shown=shown))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _refused(reply: PeerReply) -> RecipientResult:
    """Return the result for a session that could not be opened."""
    if reply.code >= 400:
        return result_of(reply)
    return failed(f"The server sent an unexpected reply: {reply.text}", "5.5.0")
