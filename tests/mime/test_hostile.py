"""Every hostile message through every function: nothing raises, all is bounded."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from mailsink.mime import (
    bodies,
    defects,
    headers,
    markup,
    notices,
    pictures,
    reading,
    structure,
)
from mailsink.mime.preview import preview
from tests.mime.hostile import corpus

CORPUS = corpus()


def storable(text: str) -> None:
    """Hold text to what UTF-8, PostgreSQL's text and jsonb take."""
    assert "\0" not in text
    text.encode()


def check_summary(octets: bytes) -> None:
    summary = headers.summary(octets)
    lists = [*summary.to, *summary.cc]
    assert len(summary.to) <= headers.MAX_ADDRESSES
    assert len(summary.cc) <= headers.MAX_ADDRESSES
    for text in (summary.from_name, summary.from_address, summary.message_id):
        storable(text)
        assert text.isprintable() or "\n" not in text
    storable(summary.subject)
    storable(json.dumps(lists, ensure_ascii=False))
    assert summary.date is None or summary.date.utcoffset() == timedelta(0)


def check_fields(octets: bytes) -> None:
    fields, offset = headers.split(octets)
    assert 0 <= offset <= len(octets)
    assert len(fields) <= headers.MAX_FIELDS
    for field in fields:
        for text in (field.name, field.value, field.raw, field.encoded):
            storable(text)
            assert "\n" not in text
        assert len(headers.addresses(field.value)) <= headers.MAX_ADDRESSES


def check_structure(octets: bytes) -> structure.Structure:
    found = structure.parse(octets)
    assert len(found.parts) <= structure.MAX_PARTS
    assert len(found.defects) <= defects.MAX_DEFECTS + 1
    assert found.root is found.parts[0]
    for defect in found.defects:
        storable(defect)
        assert len(defect) < 1000
    for index, part in enumerate(found.parts):
        assert part.index == index
        assert part.depth <= structure.MAX_DEPTH
        end = len(octets if part.source is None else part.source)
        assert 0 <= part.header_start <= part.body_start <= part.body_end <= end
        if part.parent and part.source is part.parent.source:
            assert part.body_end <= part.parent.body_end
        elif part.parent:
            assert part.parent.encloses
            assert part.source == bodies.decode(octets, part.parent)
        storable(f"{part.content_type}{part.parameters}{part.charset}{part.encoding}")
        storable(part.disposition + part.content_id + part.filename)
        assert not set(part.filename) & {"/", "\\", "\u202e"}
    unchecked = structure.parse(octets, checked=False)
    assert list(map(outline, unchecked.parts)) == list(map(outline, found.parts))
    children = [id(child) for part in found.parts for child in part.children]
    assert sorted(children) == sorted(id(part) for part in found.parts[1:])
    assert len({part.number for part in found.parts}) == len(found.parts)
    return found


def outline(part: structure.Part) -> tuple[object, ...]:
    return part.number, part.header_start, part.body_start, part.body_end, part.encoding


def check_bodies(octets: bytes, found: structure.Structure) -> None:
    read = reading.Reading(octets, found)
    storable(read.text)
    storable(read.snippet)
    assert len(read.snippet) <= reading.SNIPPET_LENGTH
    assert read.snippet == reading.Reading(octets, found).snippet
    html = read.html
    storable(preview(html, lambda content_id: f"/p/{content_id}"))
    storable(markup.to_text(html))
    listed = read.attachments
    assert len({part.index for part in listed}) == len(listed)
    pictures.unshown(read)
    for notice in notices.notices(read):
        storable(notice.text)
    for part in found.parts[:200]:
        bodies.decode(octets, part)
        storable(bodies.text_of(octets, part))


def check(octets: bytes) -> None:
    check_summary(octets)
    check_fields(octets)
    check_bodies(octets, check_structure(octets))


def test_the_corpus_is_what_it_says() -> None:
    assert len(CORPUS) >= 200
    assert len({octets for _, octets in CORPUS}) == len(CORPUS)
    assert len({name for name, _ in CORPUS}) == len(CORPUS)
    assert corpus() == CORPUS


@pytest.mark.parametrize(
    "octets", [each for _, each in CORPUS], ids=[n for n, _ in CORPUS]
)
def test_hostile(octets: bytes) -> None:
    check(octets)
