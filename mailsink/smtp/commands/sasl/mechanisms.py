"""The SASL mechanisms: each identifies a user, or raises Refusal if the login fails."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from mailsink.ports import KeyedDigest
from mailsink.smtp.commands.sasl.dialogue import Dialogue
from mailsink.smtp.commands.sasl.scram import scram_sha_256, unescaped
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.masking import holds_login
from mailsink.smtp.session.effects import Refusal, Steps

_CRAM_RESPONSE = re.compile(rb"(.*) ([0-9a-f]{32})", re.S)
_XOAUTH2 = re.compile(rb"user=([^\x01]*)\x01auth=(?i:Bearer) ([^\x01]*)\x01\x01")
_OAUTHBEARER = re.compile(
    rb"[ny],(?:a=([^,\x01]*))?,\x01((?:[A-Za-z]+=[^\x01]*\x01)*)\x01"
)
_BEARER = re.compile(rb"(?:bearer (.*))?", re.I | re.S)  # RFC 6750 §2.1
_INVALID_TOKEN = b'{"status":"invalid_token","schemes":"bearer"}'  # RFC 7628 §3.2.2


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One way to log in."""

    converse: Callable[[Dialogue], Steps[None]]
    shows_secret: bool = False  # to an eavesdropper
    server_first: bool = False  # no initial response (RFC 4954 §4)


def plain(dialogue: Dialogue) -> Steps[None]:
    """RFC 4616 §2: authorization id NUL user name NUL password."""
    response = yield from dialogue.first()
    parts = response.split(b"\0")
    if len(parts) != 3:
        if holds_login(response):
            dialogue.note("secret_double_encoded")
        raise Refusal(replies.AUTH_BAD_PLAIN)
    on_behalf_of, username, password = parts
    if on_behalf_of and not password:
        # "user NUL password NUL": the password is in the place of the name.
        raise Refusal(replies.AUTH_BAD_PLAIN)
    yield from _by_secret(dialogue, username, password)


def login(dialogue: Dialogue) -> Steps[None]:
    """The user name, then the password; never standardised, but widely used."""
    username = yield from dialogue.first(b"Username:")
    password = yield from dialogue.ask(b"Password:")
    yield from _by_secret(dialogue, username, password)


def _by_secret(dialogue: Dialogue, username: bytes, secret: bytes) -> Steps[None]:
    if not (yield from dialogue.check_secret(username, secret)):
        raise Refusal(replies.AUTH_FAILED)


def cram_md5(dialogue: Dialogue) -> Steps[None]:
    """RFC 2195 §2: user name, space, the challenge's digest in lower-case hex."""
    unique = f"<{secrets.randbits(64)}.{int(dialogue.unix_time)}@{dialogue.hostname}>"
    challenge = unique.encode()
    match = _CRAM_RESPONSE.fullmatch((yield from dialogue.ask(challenge)))
    if match is None:
        raise Refusal(replies.AUTH_BAD_CRAM)
    username, digest = match.groups()
    dialogue.identify(username)
    proof = bytes.fromhex(digest.decode())
    credentials = KeyedDigest(dialogue.mechanism, username, challenge, proof)
    if not (yield from dialogue.check(credentials)):
        raise Refusal(replies.AUTH_FAILED)


def xoauth2(dialogue: Dialogue) -> Steps[None]:
    """Google's forerunner of OAUTHBEARER: user and token, each ended with ^A."""
    match = _XOAUTH2.fullmatch((yield from dialogue.first()))
    if match is None:
        raise Refusal(replies.AUTH_BAD_XOAUTH2)
    username, token = match.groups()
    yield from _by_token(dialogue, username, token)


def oauthbearer(dialogue: Dialogue) -> Steps[None]:
    """RFC 7628 §3.1: GS2 header, then key=value pairs, each ended with ^A."""
    match = _OAUTHBEARER.fullmatch((yield from dialogue.first()))
    if match is None:
        raise Refusal(replies.AUTH_BAD_OAUTHBEARER)
    name, pairs = match.groups()
    values = dict(pair.split(b"=", 1) for pair in pairs.split(b"\1") if pair)
    bearer = _BEARER.fullmatch(values.get(b"auth", b"?"))
    if bearer is None:
        raise Refusal(replies.AUTH_BAD_OAUTHBEARER)
    username, token = unescaped(name or b""), bearer[1] or b""
    yield from _by_token(dialogue, username, token)


def _by_token(dialogue: Dialogue, username: bytes, token: bytes) -> Steps[None]:
    """Check a token.

    If it is invalid, send the reason, which the client confirms (RFC 7628 §3.2.3).
    """
    if not (yield from dialogue.check_secret(username, token)):
        yield from dialogue.ask(_INVALID_TOKEN)
        raise Refusal(replies.AUTH_FAILED)


MECHANISMS = {
    "PLAIN": Mechanism(plain, shows_secret=True),
    "LOGIN": Mechanism(login, shows_secret=True),
    "CRAM-MD5": Mechanism(cram_md5, server_first=True),
    "SCRAM-SHA-256": Mechanism(scram_sha_256),
    "XOAUTH2": Mechanism(xoauth2, shows_secret=True),
    "OAUTHBEARER": Mechanism(oauthbearer, shows_secret=True),
}
