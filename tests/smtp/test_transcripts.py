"""Every transcript in the folder beside this file, played.

A file tells a command or an extension: its good ways, each way to be refused, each
mistake of order. `== title` begins a session; `profile: {...}` after it sets up the
listener, as a Python literal; the rest is as `play` takes it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mailsink.smtp.profile import Profile
from tests.smtp.harness import play

FOLDER = Path(__file__).with_name("transcripts")
SECTION = re.compile(
    r"^== (?P<title>.+)\n(?:profile: (?P<profile>\{.*\})\n)?(?P<lines>(?:(?!== ).*\n)+)",
    re.MULTILINE,
)


def _sections() -> list[object]:
    return [
        pytest.param(
            section["profile"] or "{}",
            section["lines"],
            id=f"{path.stem}: {section['title']}",
        )
        for path in sorted(FOLDER.glob("*.txt"))
        for section in SECTION.finditer(path.read_text("utf-8"))
    ]


@pytest.mark.parametrize(("profile", "lines"), _sections())
def test_transcript(profile: str, lines: str) -> None:
    differs = ast.literal_eval(profile)
    play(lines, profile=Profile(**{"hostname": "mx.test"} | differs))


def test_every_file_is_played_whole() -> None:
    for path in FOLDER.glob("*.txt"):
        rest = re.sub(r"^#.*\n", "", SECTION.sub("", path.read_text("utf-8")))
        assert rest.strip() == "", path.name
