"""Masks passwords in a client's line before it is recorded, in any protocol.

A client that is out of step, or speaks POP3 or IMAP, sends its password as a separate
line. All functions are pure, and take time linear in the line.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import NamedTuple

from mailsink.text import readable

MASK = "********"

# AUTH in any spelling: "AUTH PLAIN secret", "AUTH=PLAIN secret", "AUTHPLAIN secret",
# tabs for spaces, odd octets before it. No two parts of the pattern may match the same
# octet: that would take quadratic time.
_AUTH = re.compile(rb"\W*AUTH(?:[\s=]+([^\s=]\S*)(\s+\S.*)?\s*|(.+))?", re.I | re.S)
# AUTH inside a line, when a client joins two lines. Groups: AUTH, the separator, a
# word. "auth.example.com", "auth@b.test" and "HELO=auth" do not match.
_INNER_AUTH = re.compile(
    rb"(?<![\w.@=-])(AUTH(?:ENTICATE|INFO)?)((?![@.>/-])\W*+)([^\s\"'=:;,<>()]++)", re.I
)
_WORD = re.compile(rb"[A-Za-z]{1,12} *")
# A path can hold anything, so the search skips it in these commands (RFC 5321 §4.1.2).
_PATH_COMMAND = re.compile(rb"\s*+(?:MAIL|RCPT|VRFY|EXPN)\b", re.I)
_PATH = re.compile(
    rb'\s*+\w++\s*+(?:FROM|TO)?\s*+:?\s*+<(?:"(?:[^"\\]|\\.)*+"|[^">])*+>',
    re.I | re.S,
)
# Text after these is no argument, but another line that was joined.
_BARE_COMMAND = re.compile(rb"\s*+(?:NOOP|RSET|DATA|QUIT)\s++(?=\S)", re.I)
# Logins of other protocols: POP3 (RFC 1939 §7), FTP, and commands that people type.
_LOGIN = re.compile(rb"\W*(USER|PASS|PWD|APOP|LOGIN)(.+)?", re.I | re.S)
# IMAP and ManageSieve write a tag first: "a1 LOGIN user password" (RFC 3501 §6.2).
_TAGGED = (b"LOGIN", b"AUTH", b"USER", b"PASS")
_TAG = re.compile(r"[A-Za-z]{0,2}[0-9]{0,6}")
# A client that ends lines with a bare CR sends several lines as one.
_ENDS = re.compile(rb"[\r\v\f]+")
_SHORTEST_LOGIN = 4  # octets of a word that announces one
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{4,}={0,2}")
# A login of HTTP Basic (RFC 7617 §2), shorter than a base64 line of a body (RFC 2045
# §6.8).
_BASIC = re.compile(rb"(?=.{5,56}\Z)[!-9;-~]++:[!-~]++")
# The password in a URL (RFC 3986 §3.2.1), also if it holds an "@" that is not encoded.
_URL_PASSWORD = re.compile(rb"(//[^\s/@:]*+:)[^\s/]+(?=@)")
# The same without "//", as HTTP Basic joins user and password; "FROM:a@b.test" is no
# login.
_JOINED = re.compile(
    rb"(?<![^\s\"'<(])(?![\w-]{0,30}(?:FROM|TO|CC|SENDER|PATH|ID|RFC822):)"
    rb"([^\s/@:<>\"]{1,64}:)(?!<|//)[^\s@<>]{1,256}(?=@[\w\[])",
    re.I,
)
# AUTH of MAIL names the original sender: a mailbox, or <> (RFC 4954 §5).
_SENDER = re.compile(rb"<>|[^\s:@]++@[^\s:@]++")
# Names that protocols and programmers give to a secret, and the separator before the
# value.
_LABEL = re.compile(
    rb"(?:(?:PASS|PSWD|PWD|SECRET|TOKEN|CREDENTIAL)[\w-]{0,20}+"
    rb"|\b(?:BEARER|IDENTIFY|OPER|AUTH2|PW|PIN|[\w-]{0,20}KEY)\b)"
    rb"[\"']?+[\s=:>][\s=:>\"']*+(?=[^\s=:>\"'])",
    re.I,
)
_PARAMETER = re.compile(
    rb"\b(?:(?:PASS|PWD|TOKEN|SECRET)[\w-]{0,20}+|[\w-]{0,20}KEY|(AUTH))="
    rb"(?=\S)(?=(\S{1,320}+(?!\S))?)",
    re.I,
)
_LABELS = (b"PASS", b"PWD", b"TOKEN", b"SECRET", b"KEY=")  # each label has one of these
# A control character means a protocol without lines: the octets after it may be a
# login.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f](?=.)", re.S)

# Parts of the names of HTTP header fields that hold a secret.
_SECRET_FIELDS = (
    b"AUTHORIZATION", b"X-AUTH", b"COOKIE", b"TOKEN", b"SECRET", b"PASSW", b"PWD", b"CREDENTIAL", b"SESSION", b"JWT",
)  # fmt: skip
_FIELD_NAME = re.compile(rb"\W*+([\w-]++)\s*+")
# A request target with a query or a user: "GET /?password=x HTTP/1.1". Its end may be
# cut off.
_REQUEST = re.compile(
    rb"([A-Z]{3,10}\s+(?:/[^\s?]*+\?|[A-Z]+://))(?:.+\sHTTP/\S*\s*|.{999,})",
    re.I | re.S,
)

# The SASL mechanisms in IANA's registry, and a few unregistered ones in use.
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
    """A line that is safe to record."""

    text: str
    login: bool  # it is a login or a part of one: a password may follow

    @property
    def hides(self) -> bool:
        """Whether the line has a secret, or one may follow it."""
        return self.login or MASK in self.text


def redacted(content: bytes, is_command: bool = False) -> Redacted:
    """Return a line with the secrets of logins masked.

    is_command: the first word is an SMTP command, so the line is no login of another
    protocol; AUTH after it still is one.
    """
    first, *others = _ENDS.split(content) if b"\r" in content else (content,)
    line = _redacted(first, is_command)
    if not others:
        return line
    # Each once, and only if a word such as PASS fits into it: there may be thousands.
    logins = {each for each in others if len(each) >= _SHORTEST_LOGIN}
    if line.hides or any(_redacted(each, False).hides for each in logins):
        return Redacted(f"{line.text}\\x0d{MASK}", True)
    return Redacted(readable(content), False)


def redacted_response(content: bytes) -> str:
    """Return a line that arrived when AUTH waited for a response, masked.

    It is a secret, unless it is "*", which cancels (RFC 4954 §4), or surely a command.
    """
    if content == b"*":
        return "*"
    match = _AUTH.fullmatch(content)
    if match and match[1] and _is_mechanism(match[1]):
        return _redacted_auth(match)
    return MASK


def _redacted(content: bytes, is_command: bool) -> Redacted:
    if is_command and _is_harmless(content):
        return Redacted(readable(content), False)
    if match := _AUTH.fullmatch(content):
        return Redacted(_redacted_auth(match), True)
    if b"\0" in content and _redacted(content.replace(b"\0", b""), is_command).hides:
        return Redacted(MASK, True)  # UTF-16
    if is_command:
        bare = _BARE_COMMAND.match(content)
        if bare is None:
            return _redacted_inside(content)
        behind = _redacted(content[bare.end() :], False)
        return Redacted(readable(bare[0]) + behind.text, behind.login)
    if match := _LOGIN.fullmatch(content):
        return Redacted(
            match[1].decode("ascii") + (f" {MASK}" if match[2] else ""), True
        )
    if field := _secret_field(content):
        return Redacted(f"{readable(field)}: {MASK}", True)
    if match := _REQUEST.fullmatch(content):
        return Redacted(readable(match[1]) + MASK, True)
    if match := _CONTROL.search(content):
        return Redacted(readable(content[: match.end()]) + MASK, True)
    words = content.split(None, 2)
    if len(words) > 1 and _is_tagged(*words[:2]):
        return Redacted(_redacted_tagged(words), True)
    if len(words) > 1 and _is_mechanism(words[0]):
        return Redacted(f"{readable(words[0])} {MASK}", False)  # AUTH was left out
    if match := _LABEL.search(content):
        return Redacted(readable(content[: match.end()]) + MASK, False)
    return _redacted_inside(content)


def _is_harmless(content: bytes) -> bool:
    """Whether a command line cannot hold a login, so that it needs no slow patterns."""
    upper = content.upper()
    if b"AUTH" in upper or b"\0" in content:
        return False
    if any(label in upper for label in _LABELS):
        return False
    return _WORD.fullmatch(content) is not None or bool(_PATH_COMMAND.match(content))


def _redacted_inside(content: bytes) -> Redacted:
    """Mask the text after AUTH inside a line, and words that are whole logins."""
    names_path = _PATH_COMMAND.match(content) is not None
    path = _PATH.match(content) if names_path else None
    behind = path.end() if path else 0
    found = _PARAMETER.finditer(content, behind)
    if match := next(filter(_is_secret if names_path else _is_labelled, found), None):
        return Redacted(readable(content[: match.end()]) + MASK, False)
    for match in _INNER_AUTH.finditer(content, behind):
        gap, word = match[2], match[3]
        known = _is_mechanism(word)
        if (not gap and not known) or (names_path and gap.strip()):
            continue  # "authors"; AUTH=mailbox of MAIL (RFC 4954 §5); "auth+x@b.test"
        shown, rest = readable(content[: match.end(1)]), content[match.end() :]
        if not known:
            return Redacted(f"{shown} {MASK}", False)
        if rest.strip():
            return Redacted(f"{shown} {readable(word)} {MASK}", True)
        return Redacted(readable(content), True)
    if names_path:  # here such words are addresses
        return Redacted(readable(content), False)
    for joined in (_URL_PASSWORD, _JOINED):
        content = joined.sub(rb"\1" + MASK.encode(), content)
    masked = _BASE64.sub(_masked_login, content)
    return Redacted(readable(masked), masked != content)


def _is_labelled(parameter: re.Match[bytes]) -> bool:
    """Whether a parameter has a name that marks its value as secret."""
    return parameter[1] is None


def _is_secret(parameter: re.Match[bytes]) -> bool:
    """Whether a parameter of MAIL is secret: AUTH may be a mailbox, or a secret."""
    value = parameter[2] or b""  # unmatched: longer than any mailbox
    return _is_labelled(parameter) or not (
        _SENDER.fullmatch(value) or _is_mechanism(value)
    )


def _masked_login(word: re.Match[bytes]) -> bytes:
    return MASK.encode() if holds_login(word[0]) else word[0]


def _secret_field(content: bytes) -> bytes:
    """Return the name of a header field whose value is a secret, or nothing."""
    match = _FIELD_NAME.match(content)
    if match is None or content[match.end() : match.end() + 1] != b":":
        return b""
    name = match[1].upper()
    secret = name.endswith((b"KEY", b"AUTH")) or any(
        part in name for part in _SECRET_FIELDS
    )
    return match[1] if secret else b""


def _redacted_auth(match: re.Match[bytes]) -> str:
    mechanism, secret, malformed = match.groups()
    if malformed:
        return f"AUTH {MASK}"
    if mechanism is None:
        return readable(match[0])
    if not _is_mechanism(mechanism):
        return f"AUTH {MASK}"  # probably a secret in place of the mechanism
    return f"AUTH {mechanism.decode('ascii')}" + (f" {MASK}" if secret else "")


def _is_tagged(tag: bytes, verb: bytes) -> bool:
    verb = verb.upper()
    if tag.endswith(b":") and verb.startswith(b"AUTH"):
        return False  # "Subject: auth is slow"
    return verb.startswith(_TAGGED)


def _redacted_tagged(words: list[bytes]) -> str:
    tag, verb = (readable(word) for word in words[:2])
    if not _TAG.fullmatch(tag) or verb.upper() not in ("LOGIN", "AUTHENTICATE"):
        return MASK
    return f"{tag} {verb}" + (f" {MASK}" if len(words) > 2 else "")


def _is_mechanism(name: bytes) -> bool:
    return name.isascii() and bool(_MECHANISM.fullmatch(name.decode()))


def holds_login(word: bytes) -> bool:
    """Whether a word is the base64 of a PLAIN, XOAUTH2, OAUTHBEARER or Basic login."""
    if not _BASE64.fullmatch(word):
        return False
    decoded = b64decode(word[: len(word) // 4 * 4])
    if _BASIC.fullmatch(decoded):
        return True
    return decoded.count(b"\0") >= 2 or b"\1auth=" in decoded
