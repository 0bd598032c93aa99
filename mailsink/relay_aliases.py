"""The variables of Mailpit's relay, MP_SMTP_RELAY_…, as a Mailsink route in TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_PREFIX = "MP_SMTP_RELAY_"
HOST = f"{_PREFIX}HOST"
_PARTS = "PORT STARTTLS TLS ALLOW_INSECURE AUTH USERNAME PASSWORD RETURN_PATH".split()
PARTS = frozenset(_PREFIX + each for each in _PARTS)
# They limit the outgoing mail in ways that a route does not have.
_LIMITS = ("ALLOWED_RECIPIENTS", "BLOCKED_RECIPIENTS", "OVERRIDE_FROM")
TRUE = ("1", "true", "yes")  # as in Mailpit


class NoEffect(Exception):
    """A variable of theirs has no effect here; the text says why."""


def route(theirs: Mapping[str, str]) -> str:
    """Return the route `mailpit` in the form of MAILSINK_ROUTES. Raises NoEffect.

    theirs: the variables that are set
    """
    given = {
        name.removeprefix(_PREFIX): text
        for name, text in theirs.items()
        if name.startswith(_PREFIX)
    }
    for limit in _LIMITS:
        if limit in given:
            raise NoEffect(
                f"a route of Mailsink has nothing like {_PREFIX}{limit}; "
                "MAILSINK_ROUTES takes one with a list"
            )
    fields: dict[str, object] = {
        "host": given["HOST"],
        "port": _port(given.get("PORT", "25")),
        "tls": _tls(given),
        "verify": not _is_true(given, "ALLOW_INSECURE"),
        "allow": ["*"],
    }
    names = {
        "USERNAME": "username",
        "PASSWORD": "password",
        "RETURN_PATH": "reverse_path",
    }
    fields |= {ours: given[name] for name, ours in names.items() if name in given}
    lines = (f"{name} = {_toml(value)}" for name, value in fields.items())
    return "\n".join(["[mailpit]", *lines])


def _toml(value: object) -> str:
    """Return a value as TOML: the same as JSON, except DEL and surrogate pairs."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _port(text: str) -> int:
    if not (re.fullmatch(r"[0-9]{1,5}", text) and 0 < int(text) < 65536):
        raise NoEffect(f"{_PREFIX}PORT is {text!r}, which is not a port")
    return int(text)


def _tls(given: Mapping[str, str]) -> str:
    if _is_true(given, "TLS"):
        return "implicit"
    return "required" if _is_true(given, "STARTTLS") else "off"


def _is_true(given: Mapping[str, str], name: str) -> bool:
    return given.get(name, "").lower() in TRUE
