"""HTML as email clients show it that force their dark theme on it."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.mime.dark import forced
from mailsink.mime.preview import BASE

PAGE = BASE + '<p style="{}">x</p>'


def style(css: str, *, every: bool) -> str:
    """Return what becomes of the style of an element."""
    page = forced(PAGE.format(css), BASE, every=every)
    found = re.search('<p style="([^"]*)">', page)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("css", "partly", "wholly"),
    [
        ("background:#fff", "background:#121212", "background:#121212"),
        ("background-color: WHITE !important", "background-color: #121212 !important",
         "background-color: #121212 !important"),
        ("color:#000", "color:#ffffff", "color:#ffffff"),
        ("color:rgb(255, 255, 255)", "color:rgb(255, 255, 255)", "color:#121212"),
        ("background:#134e4a", "background:#134e4a", "background:#b6edea"),
        ("background:rgba(255,255,255,.5)", "background:#12121280", "background:#12121280"),
        ("background:transparent", "background:transparent", "background:transparent"),
        ("border:1px solid #eee", "border:1px solid #222222", "border:1px solid #222222"),
        ("background:url(white.png) #fff", "background:url(white.png) #121212",
         "background:url(white.png) #121212"),
        ("font-family:'White',red", "font-family:'White',red", "font-family:'White',red"),
        ("color:var(--white)", "color:var(--white)", "color:var(--white)"),
        ("--white:#fff;color:currentColor", "--white:#fff;color:currentColor",
         "--white:#fff;color:currentColor"),
    ],
)  # fmt: skip
def test_colours_are_changed(css: str, partly: str, wholly: str) -> None:
    assert style(css, every=False) == partly
    assert style(css, every=True) == wholly


def test_attributes_and_style_sheets_are_changed_and_pictures_are_not() -> None:
    html = (
        '<body bgcolor="#FFFFFF" text=black><style>.a{background:white}</style>'
        '<font color="navy">x</font><img src="white.png" alt="white">'
        "<!-- color:#000 --><script>color:#000</script>"
    )
    dark = forced(BASE + html, BASE, every=False)
    assert '<body bgcolor="#121212" text="#ffffff">' in dark
    assert ".a{background:#121212}" in dark
    assert '<font color="#8080ff">' in dark or 'color="#' in dark
    assert '<img src="white.png" alt="white">' in dark
    assert "<!-- color:#000 --><script>color:#000</script>" in dark
    # What the client gives first, the mail's own styles may change.
    assert dark.startswith(BASE + "<style>:where(html)")


@given(st.text(alphabet="<>=\"';:{}()#,. abcdefstylecolor/&!-\n", max_size=300))
def test_it_never_raises_and_opens_nothing(text: str) -> None:
    dark = forced(BASE + text, BASE, every=True)
    assert dark.startswith(BASE)


@pytest.mark.parametrize(
    "html",
    ["color:" * 200_000, '<p style="' + "color:#fff;" * 100_000, "<style>" + "a{" * 300_000,
     "<p style='background:" + "(" * 500_000, "<p style=\"color:'" + "rgb(" * 200_000],
)  # fmt: skip
def test_it_takes_linear_time(html: str) -> None:
    began = time.process_time()
    forced(BASE + html, BASE, every=True)
    assert time.process_time() - began < 3


def test_colours_of_attributes_do_without_a_hash() -> None:
    page = BASE + '<table bgcolor=ffffff><font color="000000">x</font></table>'
    dark = forced(page, BASE, every=False)
    assert '<table bgcolor="#121212">' in dark
    assert '<font color="#ffffff">' in dark
    kept = BASE + "<table bgcolor=101010>x</table>"
    assert "<table bgcolor=101010>" in forced(kept, BASE, every=False)
