"""HTML as source: coloured, and indented."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.mime.sources import lines
from tests.growth import assert_linear

HTML = (
    '<html><head><style>p{color:red}</style></head><body><!-- x --><table><tr><td class="a">'
    "Hi <b>you</b>, there<br>again</td></tr></table></body></html>"
)


def shown(html: str, indented: bool) -> list[str]:
    return ["".join(text for _, text in line) for line in lines(html, indented)]


def test_pieces_are_told_apart() -> None:
    (line,) = lines('<a href="x" hidden>t</a><!--c-->', False)
    assert [(kind, text) for kind, text in line if text.strip()] == [
        ("tag", "<a"), ("name", "href"), ("", "="), ("value", '"x"'), ("name", "hidden"),
        ("tag", ">"), ("", "t"), ("tag", "</a"), ("tag", ">"), ("comment", "<!--c-->"),
    ]  # fmt: skip
    assert ("css", "p{}") in lines("<style>p{}</style>", False)[0]


def test_blocks_are_indented() -> None:
    assert "\n".join(line.rstrip() for line in shown(HTML, True) if line.strip()) == (
        "<html>\n  <head>\n    <style>p{color:red}</style>\n  </head>\n  <body>\n"
        '    <!-- x -->\n    <table>\n      <tr>\n        <td class="a">\n'
        "          Hi <b>you</b>, there\n          <br>again\n        </td>\n      </tr>\n"
        "    </table>\n  </body>\n</html>"
    )


@given(st.text(alphabet="<>/abp'\"= \n!-style", max_size=200))
def test_nothing_is_lost(html: str) -> None:
    assert "\n".join(shown(html, False)) == html
    assert re.sub(r"\s", "", "".join(shown(html, True))) == re.sub(r"\s", "", html)


@pytest.mark.parametrize(
    "unit", ["<div>", "<p", "<a b=", "</td>", "<!--", "<style>", "x "]
)
@pytest.mark.parametrize("indented", [True, False])
def test_hostile_html_takes_linear_time(unit: str, indented: bool) -> None:
    assert_linear(lambda size: lines(unit * size, indented))
