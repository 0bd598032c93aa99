"""Names of files, made such that every file system takes them."""

from __future__ import annotations

import re

from mailsink.text import normalized

_LONGEST = 200  # octets in UTF-8, without the ending: file systems take 255
_LONGEST_ENDING = 16
# Folders, controls, marks of direction, lone surrogates, and what Windows forbids
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
    r'<>:"/\\|?*]'
)
# What Windows takes for a device, with any ending
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|\Z)",
    re.IGNORECASE,
)


def safe(text: str, otherwise: str) -> str:
    """Return a name made of a text without folders; `otherwise` if nothing is left of it."""
    kept = _UNSAFE.sub("", text).strip(" .")
    return "".join(split(kept or otherwise)).rstrip(" .")


def split(name: str) -> tuple[str, str]:
    """Return a name without its ending, short enough and no device, and the ending.

    The ending has its dot.
    """
    name = normalized("NFC", name)
    if _RESERVED.match(name):
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode("utf-8", "replace")) > _LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    kept = stem.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
    return kept, dot + ending
