"""Every transcript in the folder beside this file, played.

A file tells a command or an extension: its good ways, each way to be refused, each
mistake of order. `== title` begins a session; `profile: {...}` after it sets up the
listener, as a Python literal, where "tls": True stands for a certificate; the rest is
as `play` takes it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mailsink.smtp.profile import Profile
from tests.smtp import tls_client
from tests.smtp.harness import play

FOLDER = Path(__file__).with_name("transcripts")
SECTION = re.compile(
    r"^== (?P<title>.+)\n(?:profile: (?P<profile>\{.*\})\n)?(?P<lines>(?:(?!== ).*\n)+)",
    re.MULTILINE,
)


def sections(tls: bool = True) -> list[object]:
    """Return the sessions that are told, each a parameter: its profile and its lines.

    tls: those too in which the client shakes hands.
    """
    return [
        pytest.param(
            _profile(section["profile"] or "{}"),
            section["lines"],
            id=f"{path.stem}: {section['title']}",
        )
        for path in sorted(FOLDER.glob("*.txt"))
        for section in SECTION.finditer(path.read_text("utf-8"))
        if tls or "TLS" not in section["lines"].splitlines()
    ]


def _profile(text: str) -> Profile:
    differs = ast.literal_eval(text)
    if differs.pop("tls", False):
        differs["tls"] = tls_client.server()
    return Profile(**{"hostname": "mx.test"} | differs)


@pytest.mark.parametrize(("profile", "lines"), sections())
def test_transcript(profile: Profile, lines: str) -> None:
    play(lines, profile=profile)


def test_every_file_is_played_whole() -> None:
    for path in FOLDER.glob("*.txt"):
        rest = re.sub(r"(?m)^#.*\n", "", SECTION.sub("", path.read_text("utf-8")))
        assert rest.strip() == "", path.name
