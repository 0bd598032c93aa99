"""MAILSINK_ROUTES: routes for outgoing mail in TOML, one table for each.

This module checks only the form; inbox.outgoing.routes checks names, hosts and
patterns.
"""

from __future__ import annotations

import tomllib
from typing import Any

RouteFields = dict[str, Any]

_LISTS = ("allow", "deny", "inboxes")
_FIELDS: dict[str, type] = {
    "host": str,
    "port": int,
    "tls": str,
    "verify": bool,
    "username": str,
    "password": str,
    "password_file": str,
    "reverse_path": str,
    "add_received": bool,
    "bounces": bool,
    **dict.fromkeys(_LISTS, list),
}
_NAMES = {str: "text", int: "a number", bool: "true or false", list: "a list of texts"}


def parse(text: str) -> dict[str, RouteFields]:
    """Return the routes by name. Raises ValueError, whose text has no secret."""
    tables = tomllib.loads(text)  # its error is also a ValueError
    for name, fields in tables.items():
        if not isinstance(fields, dict):
            raise ValueError(f"{name} is not a table; a route begins with [{name}]")
        _check(name, fields)
    return tables


def _check(name: str, fields: RouteFields) -> None:
    if "host" not in fields:
        raise ValueError(f"{name} has no host")
    for key, value in fields.items():
        kind = _FIELDS.get(key)
        if kind is None:
            raise ValueError(f"{name} has no {key}; it takes {', '.join(_FIELDS)}")
        # A bool does not count as an int here.
        is_list = kind is list and isinstance(value, list)
        wrong = is_list and not all(isinstance(each, str) for each in value)
        if type(value) is not kind or wrong:
            raise ValueError(f"{key} of {name} is not {_NAMES[kind]}")
    if "password" in fields and "password_file" in fields:
        raise ValueError(f"{name} has a password and a password_file; keep one")
