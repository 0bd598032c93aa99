"""Variables of Mailpit and MailHog that count as ours: compose files need no change.

If both are set, ours counts. Each variable that counts gets a line that names ours;
each one that has no effect gets a line with the reason.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from mailsink import relay_aliases, values
from mailsink.relay_aliases import NoEffect

PREFIXES = ("MP_", "MH_")


def _address(text: str) -> str:
    """Return an address; Go treats a port without an address as all addresses."""
    return f"0.0.0.0{text}" if text.startswith(":") else text  # noqa: S104


def _mebibytes(text: str) -> str:
    return f"{text}M" if text != "0" else text


def _folder_of(database: str) -> str:
    """Return the folder of their database, which will also hold ours."""
    if "://" in database:
        raise NoEffect("it names a server; MAILSINK_DATABASE_URL takes PostgreSQL")
    folder = posixpath.dirname(database)
    if not folder:
        raise NoEffect("it does not name a folder")
    return _folder(folder)


def _folder(folder: str) -> str:
    there = folder
    while there and not os.path.exists(there):
        there = posixpath.dirname(there)
    there = there or "."
    if not os.access(there, os.W_OK | os.X_OK):
        raise NoEffect(f"{there} cannot be written by user {os.getuid()}")
    return folder


def _days(age: str) -> str:
    """Return the number of days in "3d" or "36h"; a part of a day counts as a day."""
    found = re.fullmatch(r"([0-9]{1,9})([hd])", age)
    if not found:
        raise NoEffect("it takes hours or days, such as 36h or 3d")
    count = int(found[1])
    return str(count if found[2] == "d" else -(-count // 24))


def _path(webroot: str) -> str:
    """Return the path of the pages; their form may lack the slashes."""
    return f"/{webroot.strip('/')}/" if webroot.strip("/") else "/"


def _origins(text: str) -> str:
    if text == "*":
        raise NoEffect(
            "every website could read the mail; name the origins in "
            "MAILSINK_ALLOWED_ORIGINS"
        )
    return text


def _asks_for(text: str) -> str:
    """Return a Mailpit boolean: all but three words mean no."""
    return "yes" if text.lower() in relay_aliases.TRUE else "no"


_NAMES: dict[str, tuple[str, Callable[[str], str]]] = {
    "MP_SMTP_BIND_ADDR": ("SMTP", _address),
    "MP_UI_BIND_ADDR": ("HTTP", _address),
    "MP_DATABASE": ("DATA", _folder_of),
    "MP_DATA_FILE": ("DATA", _folder_of),
    "MP_WEBROOT": ("PUBLIC_URL", _path),
    "MP_API_CORS": ("ALLOWED_ORIGINS", _origins),
    "MP_MAX_MESSAGES": ("RETENTION_MESSAGES", str),
    "MP_MAX_AGE": ("RETENTION_DAYS", _days),
    "MP_MAX_MESSAGE_SIZE": ("MAX_MESSAGE_SIZE", _mebibytes),
    "MP_SMTP_AUTH": ("SMTP_AUTH", str),
    "MP_UI_TLS_CERT": ("HTTPS_CERT", str),
    "MP_UI_TLS_KEY": ("HTTPS_KEY", str),
    "MP_UI_SSL_CERT": ("HTTPS_CERT", str),
    "MP_UI_SSL_KEY": ("HTTPS_KEY", str),
    "MP_SMTP_TLS_CERT": ("TLS_CERT", str),
    "MP_SMTP_TLS_KEY": ("TLS_KEY", str),
    "MP_SMTP_SSL_CERT": ("TLS_CERT", str),
    "MP_SMTP_SSL_KEY": ("TLS_KEY", str),
    "MP_SMTP_REQUIRE_STARTTLS": ("SMTP_REQUIRE_TLS", _asks_for),
    "MP_SMTP_MAX_RECIPIENTS": ("SMTP_MAX_RECIPIENTS", str),
    "MH_SMTP_BIND_ADDR": ("SMTP", _address),
    "MH_UI_BIND_ADDR": ("HTTP", _address),
    "MH_API_BIND_ADDR": ("HTTP", _address),
    "MH_UI_WEB_PATH": ("PUBLIC_URL", _path),
    "MH_CORS_ORIGIN": ("ALLOWED_ORIGINS", _origins),
    "MH_HOSTNAME": ("HOSTNAME", str),
    "MH_MAILDIR_PATH": ("DATA", _folder),
}
# Several of these together make up one variable of ours.
_IMPLICIT_TLS = "MP_SMTP_REQUIRE_TLS"
_PAGES_BY_TLS = ("MP_UI_TLS_CERT", "MP_UI_SSL_CERT")
_DEFAULTS = {"SMTP": values.DEFAULT_SMTP, "HTTP": values.DEFAULT_HTTP}
# They ask for something that Mailsink always does, or only change its output.
_WITHOUT_EFFECT = frozenset(
    "MP_SMTP_AUTH_ACCEPT_ANY MP_SMTP_AUTH_ALLOW_INSECURE MP_ENABLE_CHAOS MP_VERBOSE "
    "MP_QUIET MP_DISABLE_VERSION_CHECK MP_USE_MESSAGE_DATES MP_SMTP_DISABLE_RDNS "
    "MP_SEND_API_AUTH_ACCEPT_ANY MP_BLOCK_REMOTE_CSS_AND_FONTS MP_DISABLE_HTML_CHECK "
    "MH_STORAGE MH_API_HOST".split()
)


def translated(
    environ: Mapping[str, str], prefix: str
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the environment with our variables for theirs, and a line for each.

    prefix: of our own variables
    """
    theirs = {
        name: environ[name].strip()
        for name in sorted(environ)
        if name.startswith(PREFIXES) and environ[name].strip()
    }
    found, lines = dict(environ), list[str]()
    for name, ours, text in _read(theirs, lines):
        if not _is_set(environ, prefix + ours):
            found.setdefault(prefix + ours, text)
            lines.append(f"{name} counts as {prefix}{ours}={_shown(ours, text)}")
    if _asks_for(theirs.get(_IMPLICIT_TLS, "")) == "yes":
        lines += _by_tls(_IMPLICIT_TLS, ("SMTP", "SMTPS"), found, prefix)
    for each in _PAGES_BY_TLS:
        if each in theirs:
            lines += _by_tls(each, ("HTTP", "HTTPS"), found, prefix)
    return found, tuple(lines)


def _read(
    theirs: Mapping[str, str], lines: list[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield (their name, our name, our value); add a line for each without effect."""
    for name, text in theirs.items():
        try:
            if name in _NAMES:
                ours, convert = _NAMES[name]
                yield name, ours, convert(text)
            elif name == relay_aliases.HOST:
                yield name, "ROUTES", relay_aliases.route(theirs)
            elif _is_foreign(name):
                lines.append(f"{name} has no effect: Mailsink has no such setting")
        except NoEffect as reason:
            lines.append(f"{name} has no effect: {reason}")


def _by_tls(
    theirs: str, ours: tuple[str, str], found: dict[str, str], prefix: str
) -> list[str]:
    """Let a port begin with TLS, as their variable asks: we have two for that."""
    plain, secure = (f"{prefix}{each}" for each in ours)
    if _is_set(found, secure):
        return []
    everywhere = found.get(f"{prefix}LISTEN", "").strip().lower() == "all"
    default = values.default_addresses(_DEFAULTS[ours[0]], everywhere)
    found[secure] = found.get(plain, "").strip() or default
    found[plain] = "off"
    return [f"{theirs} counts as {secure}={found[secure]} and {plain}=off"]


def _is_set(environ: Mapping[str, str], ours: str) -> bool:
    return any(environ.get(each, "").strip() for each in (ours, f"{ours}_FILE"))


def _is_foreign(name: str) -> bool:
    """Whether a name looks like a Mailpit or MailHog variable that has no effect here.

    Other programs use MP_, too.
    """
    if name in _WITHOUT_EFFECT or name in relay_aliases.PARTS or name == _IMPLICIT_TLS:
        return False
    return name.startswith(_FAMILIES)


_FAMILIES = (
    "MP_SMTP_", "MP_UI_", "MP_TAG", "MP_WEBHOOK", "MP_ENABLE_", "MP_API_",
    "MP_SEND_API_", "MP_POP3_", "MP_TENANT", "MP_LABEL", "MP_CHAOS_", "MP_LOG_FILE",
    "MP_IGNORE_DUPLICATE_IDS", "MP_STRICT_RFC_HEADERS", "MP_ALLOW_UNTRUSTED_TLS",
    "MP_DEMO_MODE", "MH_SMTP_", "MH_UI_", "MH_API_", "MH_MONGO_", "MH_AUTH_FILE",
    "MH_OUTGOING_SMTP", "MH_INVITE_JIM", "MH_JIM_",
)  # fmt: skip


def _shown(ours: str, value: str) -> str:
    return "…" if ours in ("SMTP_AUTH", "ROUTES") else value
