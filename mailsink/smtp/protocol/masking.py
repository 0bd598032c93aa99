"""Masks passwords in a client's line before it is recorded, in whatever protocol they come.

A client that is out of step, or speaks POP3 or IMAP, sends its password as a line of its
own. All functions are pure, and take time linear in the line.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import NamedTuple

from mailsink.text import readable

MASK = "********"

# However it is spelt: "AUTH PLAIN secret", "AUTH=PLAIN secret", "AUTHPLAIN secret", tabs
# for spaces, odd octets before it. No two parts may take the same octet: that would take
# a time quadratic in the line.
_AUTH = re.compile(rb"\W*AUTH(?:[\s=]+([^\s=]\S*)(\s+\S.*)?\s*|(.+))?", re.I | re.S)
# Of others' logins: POP3 (RFC 1939 §7), FTP, and what people type.
_LOGIN = re.compile(rb"\W*(USER|PASS|PWD|APOP|LOGIN)(.+)?", re.I | re.S)
# IMAP and ManageSieve write a tag first: "a1 LOGIN user password" (RFC 3501 §6.2).
_TAGGED = (b"LOGIN", b"AUTH", b"USER", b"PASS")
_TAG = re.compile(r"[A-Za-z]{0,2}[0-9]{0,6}")
# A client that ends lines with CR alone sends several in one.
_ENDS = re.compile(rb"[\r\v\f]+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{4,}={0,2}")

# The names of IANA's registry of SASL mechanisms, and a few that are in use without.
_MECHANISM = re.compile(
    r"(?:SCRAM-SHA3?-?[0-9]{1,3}|SCRAM-MD5|GS2-[A-Z0-9]{2,11}|EAP-AES128|SPNEGO)(?:-PLUS)?"
    r"|9798-[MU]-(?:RSA|DSA|ECDSA)-SHA1(?:-ENC)?|ECD[A-Z0-9-]{5,20}-CHALLENGE"
    r"|ANONYMOUS|ATOKEN|CRAM-MD5|DIGEST-MD5|EXTERNAL|GSS-SPNEGO|GSSAPI|KERBEROS_V[45]"
    r"|LOGIN|MSN|NMAS-SAMBA-AUTH|NMAS_AUTHEN|NMAS_LOGIN|NTLM|OAUTH10A|OAUTHBEARER"
    r"|OPENID20|OTP|PASSDSS-3DES-1|PLAIN|PLAIN-CLIENTTOKEN|SAML20|SECURID|SKEY|SRP"
    r"|SXOVER-PLUS|TOKEN|XOAUTH|XOAUTH2|XYMCOOKIE",
    re.IGNORECASE,
)


class Redacted(NamedTuple):
    """A line as it may be recorded."""

    text: str
    login: bool  # it is one, or a part of one: what follows may be a password


def redacted(content: bytes, is_command: bool = False) -> Redacted:
    """Return a line with the secrets of logins masked.

    is_command: its first word is a command of SMTP, so that the line is no login of
    another protocol.
    """
    first, *others = _ENDS.split(content) if b"\r" in content else (content,)
    line = _redacted(first, is_command)
    if not others:
        return line
    if line.login or any(_redacted(each, False).login for each in others):
        return Redacted(f"{line.text}\\x0d{MASK}", True)
    return Redacted(readable(content), False)


def redacted_response(content: bytes) -> str:
    """Return a line that came where AUTH awaits a response.

    It is a secret unless it is "*", which cancels (RFC 4954 §4), or certainly a command.
    """
    if content == b"*":
        return "*"
    match = _AUTH.fullmatch(content)
    if match and match[1] and _is_mechanism(match[1]):
        return _redacted_auth(match)
    return MASK


def _redacted(content: bytes, is_command: bool) -> Redacted:
    if match := _AUTH.fullmatch(content):
        return Redacted(_redacted_auth(match), True)
    if is_command:
        return Redacted(readable(content), False)
    if b"\0" in content and _redacted(content.replace(b"\0", b""), False).login:
        return Redacted(MASK, True)  # UTF-16
    if match := _LOGIN.fullmatch(content):
        return Redacted(
            match[1].decode("ascii") + (f" {MASK}" if match[2] else ""), True
        )
    words = content.split(None, 2)
    if len(words) > 1 and words[1].upper().startswith(_TAGGED):
        return Redacted(_redacted_tagged(words), True)
    if len(words) == 1 and holds_login(words[0]):
        return Redacted(MASK, True)
    return Redacted(readable(content), False)


def _redacted_auth(match: re.Match[bytes]) -> str:
    mechanism, secret, malformed = match.groups()
    if malformed:
        return f"AUTH {MASK}"
    if mechanism is None:
        return readable(match[0])
    if not _is_mechanism(mechanism):
        return f"AUTH {MASK}"  # rather a secret in the mechanism's place
    return f"AUTH {mechanism.decode('ascii')}" + (f" {MASK}" if secret else "")


def _redacted_tagged(words: list[bytes]) -> str:
    tag, verb = (readable(word) for word in words[:2])
    if not _TAG.fullmatch(tag) or verb.upper() not in ("LOGIN", "AUTHENTICATE"):
        return MASK
    return f"{tag} {verb}" + (f" {MASK}" if len(words) > 2 else "")


def _is_mechanism(name: bytes) -> bool:
    return name.isascii() and bool(_MECHANISM.fullmatch(name.decode()))


def holds_login(word: bytes) -> bool:
    """Whether a word is the base64 of a whole login, as PLAIN, XOAUTH2 or OAUTHBEARER have it."""
    if not _BASE64.fullmatch(word):
        return False
    decoded = b64decode(word[: len(word) // 4 * 4])
    return decoded.count(b"\0") >= 2 or b"\1auth=" in decoded
