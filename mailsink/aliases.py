"""Variables of Mailpit and MailHog that count as ours, so that a compose file needs no change.

Where both are set, ours counts. Each that counts has a line that names ours.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping

PREFIXES = ("MP_", "MH_")


def _address(text: str) -> str:
    """Go takes a port without an address for all addresses."""
    return f"0.0.0.0{text}" if text.startswith(":") else text  # noqa: S104


def _mebibytes(text: str) -> str:
    return f"{text}M" if text != "0" else text


_NAMES: dict[str, tuple[str, Callable[[str], str]]] = {
    "MP_SMTP_BIND_ADDR": ("SMTP", _address),
    "MP_UI_BIND_ADDR": ("HTTP", _address),
    "MP_DATABASE": ("DATA", posixpath.dirname),
    "MP_MAX_MESSAGES": ("RETENTION_MESSAGES", str),
    "MP_MAX_MESSAGE_SIZE": ("MAX_MESSAGE_SIZE", _mebibytes),
    "MP_SMTP_AUTH": ("SMTP_AUTH", str),
    "MP_SMTP_TLS_CERT": ("TLS_CERT", str),
    "MP_SMTP_TLS_KEY": ("TLS_KEY", str),
    "MP_SMTP_REQUIRE_STARTTLS": ("SMTP_REQUIRE_TLS", str),
    "MP_SMTP_MAX_RECIPIENTS": ("SMTP_MAX_RECIPIENTS", str),
    "MH_SMTP_BIND_ADDR": ("SMTP", _address),
    "MH_UI_BIND_ADDR": ("HTTP", _address),
    "MH_API_BIND_ADDR": ("HTTP", _address),
    "MH_HOSTNAME": ("HOSTNAME", str),
}
# They ask for what Mailsink does anyway, or for no more than the program says.
_WITHOUT_EFFECT = frozenset(
    "MP_SMTP_AUTH_ACCEPT_ANY MP_SMTP_AUTH_ALLOW_INSECURE MP_VERBOSE MP_QUIET "
    "MP_DISABLE_VERSION_CHECK MP_USE_MESSAGE_DATES MH_STORAGE".split()
)


def translated(
    environ: Mapping[str, str], prefix: str
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the environment with ours for theirs, and a line for each of theirs.

    prefix: of our own variables
    """
    found, lines = dict(environ), []
    for name in sorted(environ):
        if not name.startswith(PREFIXES) or not environ[name].strip():
            continue
        if name in _NAMES:
            ours, convert = _NAMES[name]
            value = convert(environ[name].strip())
            if value and not _is_set(environ, prefix + ours):
                found.setdefault(f"{prefix}{ours}", value)
                lines.append(f"{name} counts as {prefix}{ours}={_shown(ours, value)}")
        elif name not in _WITHOUT_EFFECT and _is_known(name):
            lines.append(f"{name} has no effect: Mailsink has no such setting")
    return found, tuple(lines)


def _is_set(environ: Mapping[str, str], ours: str) -> bool:
    return any(environ.get(each, "").strip() for each in (ours, f"{ours}_FILE"))


def _is_known(name: str) -> bool:
    """Whether a name looks like one of Mailpit's or MailHog's own: others use MP_, too."""
    return name.startswith(_FAMILIES)


_FAMILIES = (
    "MP_SMTP_", "MP_UI_", "MP_WEBROOT", "MP_TAG", "MP_WEBHOOK", "MP_ENABLE_", "MP_API_",
    "MP_SEND_API_", "MP_POP3_", "MP_MAX_AGE", "MP_TENANT", "MP_LABEL", "MH_SMTP_",
    "MH_UI_", "MH_API_", "MH_MAILDIR_PATH", "MH_MONGO_", "MH_AUTH_FILE", "MH_CORS_ORIGIN",
    "MH_OUTGOING_SMTP", "MH_INVITE_JIM", "MH_JIM_",
)  # fmt: skip


def _shown(ours: str, value: str) -> str:
    return "…" if ours == "SMTP_AUTH" else value
