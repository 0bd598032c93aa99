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
# The same anywhere in a line, where a client joins two. Its groups: before a word, AUTH,
# what separates, a word. "auth.example.com", "auth@b.test" and "HELO=auth" are none.
_INNER_AUTH = re.compile(
    rb"(?<![\w.@=-])(AUTH(?:ENTICATE|INFO)?)((?![@.>/-])\W*+)([^\s\"'=:;,<>()]++)", re.I
)
_WORD = re.compile(rb"[A-Za-z]{1,12} *")
# A path may be anything: in these commands it is passed over (RFC 5321 §4.1.2).
_PATH_COMMAND = re.compile(rb"\s*+(?:MAIL|RCPT|VRFY|EXPN)\b", re.I)
_PATH = re.compile(
    rb'\s*+\w++\s*+(?:FROM|TO)?\s*+:?\s*+<(?:"(?:[^"\\]|\\.)*+"|[^">])*+>',
    re.I | re.S,
)
# What stands behind these is no argument: another line that was joined, if anything.
_BARE_COMMAND = re.compile(rb"\s*+(?:NOOP|RSET|DATA|QUIT)\s++(?=\S)", re.I)
# Of others' logins: POP3 (RFC 1939 §7), FTP, and what people type.
_LOGIN = re.compile(rb"\W*(USER|PASS|PWD|APOP|LOGIN)(.+)?", re.I | re.S)
# IMAP and ManageSieve write a tag first: "a1 LOGIN user password" (RFC 3501 §6.2).
_TAGGED = (b"LOGIN", b"AUTH", b"USER", b"PASS")
_TAG = re.compile(r"[A-Za-z]{0,2}[0-9]{0,6}")
# A client that ends lines with CR alone sends several in one.
_ENDS = re.compile(rb"[\r\v\f]+")
_SHORTEST_LOGIN = 4  # octets of a word that announces one
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{4,}={0,2}")
# Of HTTP's Basic (RFC 7617 §2), shorter than a line of base64 in a body (RFC 2045 §6.8)
_BASIC = re.compile(rb"(?=.{5,56}\Z)[!-9;-~]++:[!-~]++")
# The password in a URL (RFC 3986 §3.2.1), also with an "@" that is not encoded
_URL_PASSWORD = re.compile(rb"(//[^\s/@:]*+:)[^\s/]+(?=@)")
# The same without "//", as HTTP's Basic joins them; "FROM:a@b.test" is no login.
_JOINED = re.compile(
    rb"(?<![^\s\"'<(])(?![\w-]{0,30}(?:FROM|TO|CC|SENDER|PATH|ID|RFC822):)"
    rb"([^\s/@:<>\"]{1,64}:)(?!<|//)[^\s@<>]{1,256}(?=@[\w\[])",
    re.I,
)
# AUTH of MAIL names who sent a message first: a mailbox, or nobody (RFC 4954 §5).
_SENDER = re.compile(rb"<>|[^\s:@]++@[^\s:@]++")
# What any protocol or programmer calls a secret, and what separates it from its value.
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
_LABELS = (b"PASS", b"PWD", b"TOKEN", b"SECRET", b"KEY=")  # each has one of these
# Controls are of a protocol that is not of lines: what stands behind may be its login.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f](?=.)", re.S)

# Header fields of HTTP that hold a secret, by a part or the end of their names.
_SECRET_FIELDS = (
    b"AUTHORIZATION", b"X-AUTH", b"COOKIE", b"TOKEN", b"SECRET", b"PASSW", b"PWD", b"CREDENTIAL", b"SESSION", b"JWT",
)  # fmt: skip
_FIELD_NAME = re.compile(rb"\W*+([\w-]++)\s*+")
# A target with a query, or a user: "GET /?password=x HTTP/1.1".
# Its end may be cut off.
_REQUEST = re.compile(
    rb"([A-Z]{3,10}\s+(?:/[^\s?]*+\?|[A-Z]+://))(?:.+\sHTTP/\S*\s*|.{999,})",
    re.I | re.S,
)

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

    @property
    def hides(self) -> bool:
        """Whether a secret is in it, or may follow it."""
        return self.login or MASK in self.text


def redacted(content: bytes, is_command: bool = False) -> Redacted:
    """Return a line with the secrets of logins masked.

    is_command: its first word is a command of SMTP, so that the line is no login of
    another protocol; AUTH behind it still is one.
    """
    first, *others = _ENDS.split(content) if b"\r" in content else (content,)
    line = _redacted(first, is_command)
    if not others:
        return line
    # Each once, and only those that a word such as PASS fits into: there may be thousands.
    logins = {each for each in others if len(each) >= _SHORTEST_LOGIN}
    if line.hides or any(_redacted(each, False).hides for each in logins):
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
    """Whether a command line has no place for a login: spares most lines the patterns."""
    upper = content.upper()
    if b"AUTH" in upper or b"\0" in content:
        return False
    if any(label in upper for label in _LABELS):
        return False
    return _WORD.fullmatch(content) is not None or bool(_PATH_COMMAND.match(content))


def _redacted_inside(content: bytes) -> Redacted:
    """Mask what follows AUTH behind other words, and words that are whole logins."""
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
    if names_path:  # in which such words are addresses
        return Redacted(readable(content), False)
    for joined in (_URL_PASSWORD, _JOINED):
        content = joined.sub(rb"\1" + MASK.encode(), content)
    masked = _BASE64.sub(_masked_login, content)
    return Redacted(readable(masked), masked != content)


def _is_labelled(parameter: re.Match[bytes]) -> bool:
    """Whether a parameter has a name that says that its value is secret."""
    return parameter[1] is None


def _is_secret(parameter: re.Match[bytes]) -> bool:
    """The same of one of MAIL, in which AUTH is to name a mailbox, and may name a secret."""
    value = parameter[2] or b""  # longer than any
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
        return f"AUTH {MASK}"  # rather a secret in the mechanism's place
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
    """Whether a word is the base64 of a whole login: of PLAIN, XOAUTH2, OAUTHBEARER, or Basic."""
    if not _BASE64.fullmatch(word):
        return False
    decoded = b64decode(word[: len(word) // 4 * 4])
    if _BASIC.fullmatch(decoded):
        return True
    return decoded.count(b"\0") >= 2 or b"\1auth=" in decoded
