"""HTML as elements and texts."""

from __future__ import annotations

import time

import pytest

from mailsink.mime import elements


def names(html: str) -> list[tuple[str, str]]:
    """Return each element with the name of its parent."""
    found = elements.read(html).elements
    return [(e.name, found[e.parent].name if e.parent >= 0 else "") for e in found]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<p>a<p>b", [("p", ""), ("p", "")]),
        ("<ul><li>a<li>b</ul><b>", [("ul", ""), ("li", "ul"), ("li", "ul"), ("b", "")]),
        ("<tr><td>a<td>b<tr><td>", [("tr", ""), ("td", "tr"), ("td", "tr"), ("tr", ""), ("td", "tr")]),
        ("<a><br><img></a><i>", [("a", ""), ("br", "a"), ("img", "a"), ("i", "")]),
        ("</x><!-- <p> --><b>", [("b", "")]),
        ("<style>a > b</style><b>", [("style", ""), ("b", "")]),
        ("<style></style><b>", [("style", ""), ("b", "")]),
        ("<B></b><I>", [("b", ""), ("i", "")]),
    ],
)  # fmt: skip
def test_elements_have_their_parents(html: str, found: list[tuple[str, str]]) -> None:
    assert names(html) == found


def test_attributes_texts_and_lines() -> None:
    page = elements.read(
        "<p\nID=a id=b title='x &amp; y' hidden>one &lt;\n<b>two</b></p>"
    )
    paragraph = page.elements[0]
    assert paragraph.attributes == {"id": "a", "title": "x & y", "hidden": ""}
    assert [(text.parent, text.text) for text in page.texts] == [
        (0, "one <\n"),
        (1, "two"),
    ]
    assert page.line(paragraph.offset) == 1
    assert page.line(page.elements[1].offset) == 3
    assert page.tag(paragraph) == "<p ID=a id=b title='x &amp; y' hidden>"


def test_much_html_is_cut() -> None:
    page = elements.read("<br>" * (elements.MAX_ELEMENTS + 1))
    assert len(page.elements) == elements.MAX_ELEMENTS
    assert page.read == 4 * elements.MAX_ELEMENTS
    assert elements.read("x" * (elements.MAX_LENGTH + 1)).read == elements.MAX_LENGTH
    assert elements.read("<br>" * 10).read == 40


def test_many_attributes_are_cut() -> None:
    many = "".join(f" a{each}" for each in range(elements.MAX_ATTRIBUTES + 1))
    (element,) = elements.read(f"<p{many}>").elements
    assert len(element.attributes) == elements.MAX_ATTRIBUTES
    assert element.attributes["a0"] == ""


@pytest.mark.parametrize(
    "piece",
    ["<div>", "<p>", "<", "<a x=1 ", "</b>", "<style>a{b:c}", '"', "<!-", "a "],
)  # fmt: skip
def test_hostile_text_takes_linear_time(piece: str) -> None:
    began = time.process_time()
    elements.read(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 10
