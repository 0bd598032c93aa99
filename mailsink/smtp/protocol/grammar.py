"""The grammar of paths, domains and parameters (RFC 5321 §4.1.2, RFC 6531 §3.3). Pure.

Invalid input raises BadSyntax, whose text is for the client. Input with small
deviations is returned with flags (mailsink.smtp.protocol.events.FLAGS); `lenient`
accepts more.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import NamedTuple

from mailsink.text import readable

# Non-ASCII characters are allowed everywhere: the caller checks that SMTPUTF8 was
# given. Classes are negated, as ranges up to U+10FFFF are slow to compile.
_ATEXT = r'[^\x00-\x20"(),.:;<>@\[\\\]\x7f]+'
_DOT_STRING = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*")
_DOTS = re.compile(
    r'\.*[^\x00-\x20"(),.:;<>@\[\\\]\x7f][^\x00-\x20"(),:;<>@\[\\\]\x7f]*'
)
_QUOTED = re.compile(r'"(?:[^\x00-\x1f"\\\x7f]|\\[ -~])*"')
_BRACKET = re.compile(">")
_QUOTE_OR_BRACKET = re.compile('[">]')
_LETTER = r"[^\x00-/:-@\[-^`{-\x7f]"  # a letter or digit, or an underscore
_LABEL = rf"{_LETTER}+(?:-+{_LETTER}+)*"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_TAGGED = re.compile(r"([A-Za-z0-9\-]*[A-Za-z0-9]):([!-Z^-~]+)")
_ROUTE = re.compile(rf"@{_LABEL}(?:\.{_LABEL})*(?:,@{_LABEL}(?:\.{_LABEL})*)*:")
_PARAMETER = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9\-]*)(?:=([^\x00-\x20=\x7f]+))?(?: +|$)"
)
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")

_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")

# The lengths that every server accepts, in octets (RFC 5321 §4.5.3.1, RFC 1035 §2.3.4).
_LONGEST_LOCAL = 64
_LONGEST_LABEL = 63
_LONGEST_DOMAIN = 255
_LONGEST_PATH = 256  # with its punctuation

# By far the most common form, parsed in one step; other forms take several.
_PLAIN = re.compile(
    r"<([A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*)"
    r"@([A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?)*)>(?: +|$)"
)


class BadSyntax(ValueError):
    """A syntax error, in words for the client: one line of ASCII."""


class UnknownTag(BadSyntax):
    """An address literal of a kind that is not registered (RFC 5321 §4.1.3)."""


class Path(NamedTuple):
    """A reverse-path or forward-path, without <> and source route; "" is the null one."""

    mailbox: str
    flags: tuple[str, ...] = ()


def parse_path(text: str, lenient: bool = False) -> tuple[Path, str]:
    """Return the path that text begins with, and the text after it.

    lenient: allows dots anywhere in the local part, and all that check_domain allows.
    Raises BadSyntax. The null path is returned like any other: RCPT must refuse it.
    """
    match = _PLAIN.match(text)
    if (
        match
        and match.end(1) - 1 <= _LONGEST_LOCAL
        and match.end(2) - match.start(2) <= _LONGEST_LABEL
    ):
        return Path(f"{match[1]}@{match[2]}"), text[match.end() :]
    stripped = text.lstrip(" ")
    flags = {"lenient_path"} if stripped != text else set()
    inner, rest = _unwrap(stripped, flags)
    if not inner:
        return Path("", tuple(sorted(flags))), rest
    if inner.startswith("@"):
        route = _ROUTE.match(inner)
        if not route:
            raise BadSyntax("the source route before the address is malformed")
        flags.add("source_route")
    else:
        route = None
    if len(inner.encode()) + 2 > _LONGEST_PATH:
        flags.add("long_path")
    mailbox = inner[route.end() :] if route else inner
    _check_mailbox(mailbox, flags, lenient)
    return Path(mailbox, tuple(sorted(flags))), rest


def _unwrap(text: str, flags: set[str]) -> tuple[str, str]:
    """Return the two parts of "<inner> rest"; lenient: the brackets may be missing."""
    if not text:
        raise BadSyntax("the address is missing; write it as <user@example.com>")
    if not text.startswith("<"):
        inner, _, rest = text.partition(" ")
        if "<" in text:
            raise BadSyntax("only the address itself goes here, not a display name")
        flags.add("lenient_path")
        return inner, rest.lstrip(" ")
    end = _closing_bracket(text)
    rest = text[end + 1 :]
    if rest and not rest.startswith(" "):
        raise BadSyntax(f'a space must follow ">", not "{shown(rest)}"')
    return text[1:end], rest.lstrip(" ")


def _closing_bracket(text: str) -> int:
    """Return the position of the first ">" outside a quoted string."""
    at = 1
    while (found := _QUOTE_OR_BRACKET.search(text, at)) and found[0] == '"':
        quoted = _QUOTED.match(text, found.start())
        if quoted is None:  # the path is invalid: skip the other quotes
            found = _BRACKET.search(text, at)
            break
        at = quoted.end()
    if found is None:
        raise BadSyntax('the closing ">" of the address is missing')
    return found.start()


def _check_mailbox(mailbox: str, flags: set[str], lenient: bool) -> None:
    """Check `local-part [@ domain]` against the grammar; raises BadSyntax."""
    if quoted := _QUOTED.match(mailbox):
        local, rest = quoted[0], mailbox[quoted.end() :]
        if rest and not rest.startswith("@"):
            raise BadSyntax('an "@" must follow the quoted local part')
        domain = rest[1:] if rest else None
    else:
        local, at, after = mailbox.rpartition("@")
        domain = after if at else None
        if not at:
            local = mailbox
        flags.update(_check_local(local, lenient))
    if len(local.encode()) > _LONGEST_LOCAL:
        flags.add("long_path")
    if domain is None:
        flags.add("unqualified_address")
        return
    try:
        flags.update(check_domain(domain, lenient))
    except UnknownTag:
        flags.add("unknown_literal")


def _check_local(local: str, lenient: bool) -> tuple[str, ...]:
    if _DOT_STRING.fullmatch(local):
        return ()
    if lenient and _DOTS.fullmatch(local):
        return ("lenient_local",)
    if not local:
        raise BadSyntax('the local part before the "@" is missing')
    if local.startswith(".") or local.endswith("."):
        raise BadSyntax("the local part begins or ends with a dot; quote it")
    if ".." in local:
        raise BadSyntax("the local part has two dots in a row; quote it")
    if local.startswith('"'):
        raise BadSyntax("the quoted local part is not closed, or holds bad characters")
    bad = next(c for c in local if c != "." and not _DOT_STRING.fullmatch(c))
    name = "a space" if bad == " " else f'"{shown(bad)}"'
    raise BadSyntax(f"the local part must be quoted to hold {name}")


def check_hello(name: str, lenient: bool) -> tuple[str, ...]:
    """Check the argument of EHLO against the grammar; return flags, or raise BadSyntax.

    lenient: allows all that check_domain allows, an IPv6 address without brackets or
    with a zone, and "(none)", the name of a machine without a domain.
    """
    try:
        return check_domain(name, lenient)
    except BadSyntax:
        if not lenient or not _is_nearly_a_name(name.lower()):
            raise
    return ("lenient_domain",)


def _is_nearly_a_name(name: str) -> bool:
    """Whether a lower-case name is one that clients invent if they have no real one."""
    if name.endswith("(none)"):
        host = name.removesuffix("(none)").removesuffix(".")
        return not host or bool(_DOMAIN.fullmatch(host))
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    return _is_ipv6(name.removeprefix("ipv6:").partition("%")[0])


def check_domain(domain: str, lenient: bool = False) -> tuple[str, ...]:
    """Check a domain or address literal; return flags, or raise BadSyntax.

    lenient: allows a dot after the domain, and an IPv6 literal without its tag, or with
    "::" for a single group.
    """
    if domain.startswith("["):
        return _check_literal(domain, lenient)
    if (
        lenient
        and domain.endswith(".")
        and _DOMAIN.fullmatch(domain, 0, len(domain) - 1)
    ):
        return ("lenient_domain", *check_domain(domain[:-1]))
    if _DOMAIN.fullmatch(domain) and len(domain.encode()) <= _LONGEST_DOMAIN:
        return _domain_flags(domain)
    if not domain:
        raise BadSyntax('the domain after the "@" is missing')
    if len(domain.encode()) > _LONGEST_DOMAIN:
        raise BadSyntax("the domain is longer than 255 octets")
    if domain.startswith(".") or domain.endswith(".") or ".." in domain:
        raise BadSyntax("the domain begins or ends with a dot, or has two in a row")
    for label in domain.split("."):
        if label.startswith("-") or label.endswith("-"):
            raise BadSyntax("a label of the domain begins or ends with a hyphen")
    bad = next(c for c in domain if c not in ".-" and not _DOMAIN.fullmatch(c))
    name = "a space" if bad == " " else f'"{shown(bad)}"'
    raise BadSyntax(f"the domain holds {name}")


def _domain_flags(domain: str) -> tuple[str, ...]:
    flags: tuple[str, ...] = ("underscore_domain",) if "_" in domain else ()
    if len(domain) > _LONGEST_LABEL and any(
        len(label) > _LONGEST_LABEL for label in domain.split(".")
    ):
        flags = ("long_path", *flags)
    return flags


def _check_literal(literal: str, lenient: bool) -> tuple[str, ...]:
    """RFC 5321 §4.1.3."""
    inner = literal[1:-1]
    if not literal.endswith("]"):
        raise BadSyntax('the closing "]" of the address literal is missing')
    try:
        if inner[:5].upper() == "IPV6:":
            if "%" in inner:
                raise ValueError("a zone is no part of an address")
            IPv6Address(inner[5:])
        elif ":" not in inner:
            _check_ipv4(inner)
            return ()
    except ValueError:
        raise BadSyntax("the address literal holds no valid IP address") from None
    if inner[:5].upper() == "IPV6:":
        return _short_of_two_groups(inner[5:], lenient)
    if _is_ipv6(inner):
        if lenient:
            return ("lenient_domain",)
        raise BadSyntax(f"write an IPv6 address literal as [IPv6:{inner}]")
    if tagged := _TAGGED.fullmatch(inner):
        raise UnknownTag(f"address literals of the kind {tagged[1]} are unknown")
    raise BadSyntax("the address literal is malformed")


def _short_of_two_groups(address: str, lenient: bool) -> tuple[str, ...]:
    """Flag or refuse "::" for one group: it means at least two (RFC 5321 §4.1.3)."""
    groups = sum(2 if "." in each else 1 for each in address.split(":") if each)
    if "::" not in address or groups <= 6:
        return ()
    if lenient:
        return ("lenient_domain",)
    raise BadSyntax('"::" must stand for two groups of an IPv6 address at least')


def _check_ipv4(text: str) -> None:
    """Check four numbers up to 255; RFC 5321 §4.1.3 allows leading zeros."""
    numbers = text.split(".") if _IPV4.fullmatch(text) else ["256"]
    if any(int(each) > 255 for each in numbers):
        raise ValueError(text)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


def parse_parameters(text: str) -> dict[str, str | None]:
    """Return the parameters of MAIL or RCPT by upper-case keyword, in order.

    Values keep their case (xtext needs it). Raises BadSyntax, for a duplicate too.
    """
    parameters: dict[str, str | None] = {}
    at = 0
    while at < len(text):
        match = _PARAMETER.match(text, at)
        if not match:
            word = text[at:].partition(" ")[0]
            raise BadSyntax(f'"{shown(word)}" is no parameter of the form KEY=value')
        keyword = match[1].upper()
        if keyword in parameters:
            raise BadSyntax(f"the parameter {keyword[:40]} is given twice")
        parameters[keyword] = match[2]
        at = match.end()
    return parameters


def unxtext(text: str) -> str:
    """Decode xtext (RFC 3461 §4); raises BadSyntax."""
    if not _XTEXT.fullmatch(text):
        raise BadSyntax(f'"{shown(text)}" is not xtext (RFC 3461 section 4)')
    return re.sub(r"\+(..)", lambda match: chr(int(match[1], 16)), text)


def xtext(text: str) -> str:
    """Encode as xtext; text is ASCII."""
    return re.sub(r"[^!-*,-<>-~]", lambda match: f"+{ord(match[0]):02X}", text)


def shown(text: str) -> str:
    """Return a client's text in a form fit for a reply: ASCII, short."""
    shown = readable(text[:20].encode("utf-8", "replace"))
    shown = shown.encode("ascii", "backslashreplace").decode("ascii")
    return shown[:40] + ("..." if len(text) > 20 else "")
