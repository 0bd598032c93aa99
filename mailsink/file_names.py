"""Makes file names that every file system accepts."""

from __future__ import annotations

import re

from mailsink.text import normalized

_LONGEST = 200  # octets in UTF-8, without the extension: file systems allow 255
_LONGEST_ENDING = 16
# Folders, controls, direction marks, lone surrogates, and characters that Windows
# forbids
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
    r'<>:"/\\|?*]'
)
# Names that Windows treats as a device, with any extension
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|\Z)",
    re.IGNORECASE,
)


def safe(text: str, otherwise: str) -> str:
    """Return a file name made from a text, without folders, or `otherwise` if empty."""
    kept = _UNSAFE.sub("", text).strip(" .")
    return "".join(split(kept or otherwise)).rstrip(" .")


def split(name: str) -> tuple[str, str]:
    """Return a name without its extension, and the extension with its dot.

    The name is short enough, and no device.
    """
    name = normalized("NFC", name)
    if _RESERVED.match(name):
        name = f"_{name}"
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode("utf-8", "replace")) > _LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    kept = stem.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
    return kept, dot + ending
