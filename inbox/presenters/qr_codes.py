"""QR codes for pages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code as an SVG path. size: of its square, with the quiet zone"""

    path: str
    size: int


def path(text: str) -> QrCode:
    """Return the QR code of a text."""
    import segno  # imported when a user adds an app: most runs have none

    code = segno.make(text, error="m", micro=False)
    lines = []
    for y, row in enumerate(code.matrix_iter(border=4)):
        for x, is_dark in enumerate(row):
            if is_dark:
                lines.append(f"M{x} {y}h1v1h-1z")
    return QrCode("".join(lines), int(code.symbol_size(border=4)[0]))
