"""The words for a wait that ran out: the messages that arrived instead."""

from __future__ import annotations

_NONE = {
    "to": "none to {}",
    "from": "none from {}",
    "cc": "none with {} in Cc",
    "subject": 'none with "{}" in the subject',
    "": 'none with "{}" in it',
}


def sentence(arrived: int, term: tuple[str, str] | None, nearest: str) -> str:
    """Return how many messages arrived, and the term that they fail.

    term: the field and value that the most similar one fails; nearest: its own value,
    or ""
    """
    if not arrived:
        return "nothing arrived"
    lack = "none matches"
    if term:
        field, value = term
        lack = _NONE.get(field, f"none with {field}:{{}}").format(value)
    near = f"; nearest: {nearest}" if nearest else ""
    return f"{arrived} arrived, {lack}{near}"
