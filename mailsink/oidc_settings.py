"""MAILSINK_OIDC_…: the OpenID Connect provider with which users sign in."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from mailsink.values import EnvType, hostname, split

# The characters of a scope or of a claim's name (RFC 6749 §3.3, without quotes)
_WORD = re.compile(r"[!#-\[\]-~]{1,200}")
_LONGEST_ISSUER = 255  # characters, the size of the column
_LONGEST_LABEL = 60  # characters, the room on a button


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """A provider, and the rules for which of its users may sign in."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)  # "": a public client, which has none
    label: str  # on the button of the login
    scopes: tuple[str, ...]
    domains: tuple[
        str, ...
    ]  # domains of addresses whose owners get a user at their first login
    groups_claim: str  # the claim with a user's groups; "": groups do not change


def _issuer(text: str) -> str:
    """Return the issuer unchanged: tokens must name exactly this one."""
    if not text:
        return ""
    url = split(text, ("https", "http"))
    plain = url.scheme == "http" and not _is_here(url.hostname or "")
    more = url.query or url.fragment or url.username is not None
    too_long = len(text) > _LONGEST_ISSUER
    if plain or more or too_long or not url.hostname or not text.isprintable():
        raise ValueError(text)
    return text


def _is_here(host: str) -> bool:
    """Whether a host is this machine: no one can listen on the way to it."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _label(text: str) -> str:
    if len(text) > _LONGEST_LABEL or not text.isprintable():
        raise ValueError(text)
    return text


def _scopes(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(text.split()))
    if "openid" not in words or not all(map(_WORD.fullmatch, words)):
        raise ValueError(text)
    return words


def _claim(text: str) -> str:
    if text and not _WORD.fullmatch(text):
        raise ValueError(text)
    return text


def _domains(text: str) -> tuple[str, ...]:
    names = [each for each in re.split(r"[\s,]+", text.lower()) if each]
    return tuple(hostname(each.removeprefix("@")) for each in names)


CLAIM = EnvType("the name of a claim like groups", _claim)
DOMAINS = EnvType("domains of addresses like example.com, by comma", _domains)
ISSUER = EnvType(
    "the https: URL of an OpenID Connect issuer; http: on this machine alone", _issuer
)
LABEL = EnvType(f"a name of {_LONGEST_LABEL} characters at most", _label)
SCOPES = EnvType("scopes by space, openid among them", _scopes)
