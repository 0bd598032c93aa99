"""The HTML for the sandboxed frame."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from mailsink.mime.markup import MAX_LENGTH
from mailsink.mime.preview import MOST_REFERENCES, preview, references

BASE = '<base target="_blank">'


def part_url(url: str) -> str | None:
    name = unquote(url).partition(":")[2]
    return None if name == "unknown" else f"/p/{name}?a&b"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("<b>as it <i>was", "<b>as it <i>was"),
        ("<img src=cid:a>", '<img src="/p/a?a&amp;b">'),
        ("<IMG SRC = 'CID:a%40b' alt=x>", '<IMG SRC = "/p/a@b?a&amp;b" alt=x>'),
        ("<img src=cid:unknown>", "<img src=cid:unknown>"),
        ("<td background='cid:a'>", '<td background="/p/a?a&amp;b">'),
        ("<video poster=cid:a>", '<video poster="/p/a?a&amp;b">'),
        ("<img src=' cid:my logo '>", '<img src="/p/my logo?a&amp;b">'),
        ("<img srcset='cid:a 1x, cid:b 2x'>",
         '<img srcset="/p/a?a&amp;b 1x, /p/b?a&amp;b 2x">'),
        ("<p style='background:url( &quot;cid:a&quot; )'>",
         '<p style="background:url(&quot;/p/a?a&amp;b&quot;)">'),
        ("<style>a{background:url('cid:b c')}</style>",
         "<style>a{background:url('/p/b c?a&b')}</style>"),
        ("<style>a{background:url(cid:a)}</style>",
         "<style>a{background:url(/p/a?a&b)}</style>"),
        ("<a href='cid:a' title='src=cid:a'>", "<a href='cid:a' title='src=cid:a'>"),
        ("<img alt='>' src='cid:a'>", "<img alt='>' src=\"/p/a?a&amp;b\">"),
        ("a<base href=//x>b</base>c<LINK rel=x>d",
         "a<basefont href=//x>b</basefont>c<basefont rel=x>d"),
        ("<img title='<base>'>", "<img title='<basefont>'>"),
        ("<!-- <base> -->", "<!-- <basefont> -->"),
        ("a<script>'<base>'</script><base>", "a<script>'<basefont>'</script><basefont>"),
        ("<svg><style><p><link/rel=x></style>", "<svg><style><p><basefont/rel=x></style>"),
        ("<baseline><linked><metals>", "<baseline><linked><metals>"),
        ("<lin\u212a rel=x><link\xa0rel=x>", "<lin\u212a rel=x><link\xa0rel=x>"),
        ("<link", "<basefont"),
        ("<iframe src=x>a</iframe>", "<x-iframe src=x>a</x-iframe>"),
        ("<Object data=x>a</OBJECT><embed src=x>",
         "<x-object data=x>a</x-object><basefont src=x>"),
        ("a\0b\ud800", "a\ufffdb\ufffd"),
    ],
)  # fmt: skip
def test_body(html: str, expected: str) -> None:
    assert preview(html, part_url).replace(BASE, "", 1) == expected


@pytest.mark.parametrize(
    "tag",
    [
        "<meta name=x>",
        '<META charset="utf-8">',
        "<meta name='color-scheme'\ncontent=\"light dark\" />",
        "<meta>",
    ],
)
def test_metadata_stays(tag: str) -> None:
    assert preview(tag, part_url) == BASE + tag


@pytest.mark.parametrize(
    "tag",
    [
        "<meta http-equiv=refresh content=0>",
        "<meta name=x HTTP-EQUIV=refresh>",
        "<meta name='>' http-equiv=refresh>",
        "<meta/http-equiv=refresh>",
        "<meta name=x/http-equiv=refresh>",
        "<meta name='x'http-equiv=refresh>",
        "<meta name = x http-equiv=refresh>",
        "<meta name=x",
    ],
)
def test_metadata_that_could_be_a_header_goes(tag: str) -> None:
    assert preview(tag, part_url) == BASE + tag.replace("<meta", "<basefont")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "<p>x"),
        ("<!DOCTYPE html>\n<!-- c --><html lang=en><head>", "<title>x</title>"),
        ("<!doctype html>", "<body>"),
        ("", "text <html><head>"),
    ],
)
def test_links_open_in_a_new_tab_and_the_doctype_stays_first(
    before: str, after: str
) -> None:
    assert preview(before + after, part_url) == before + BASE + after


def test_a_url_cannot_leave_its_attribute() -> None:
    assert preview("<img src=cid:a>", lambda _: "\"><script>'") == (
        BASE + '<img src="&quot;&gt;&lt;script&gt;&#x27;">'
    )


def test_long_html_is_cut_and_says_so() -> None:
    shown = preview("x" * (MAX_LENGTH + 1), part_url)
    assert shown.endswith(
        "x<p>The rest of this HTML is not shown here: it has 5242881 characters "
        "in all.</p>"
    )


@pytest.mark.parametrize(
    "piece",
    [
        "<div>",
        "<a ",
        "<!--",
        '<a href="',
        "<style>",
        "<img src=cid:a>",
        "&#",
        "<p a=b",
        "<",
    ],
)
def test_floods_pass(piece: str) -> None:
    """Deep nesting took a tree-building parser 40 s; quadratic patterns would hang."""
    flood = piece * 60_000
    assert preview(flood, lambda _: "cid:a") is not None


def test_references_are_found_once_and_bounded() -> None:
    html = (
        "<img src=cid:a><img src=CID:a><img src=b.png><p style='background:url(cid:c)'>"
    )
    assert references(html) == {"cid:a", "CID:a", "cid:c"}
    assert references(html, all_urls=True) == {"cid:a", "CID:a", "b.png", "cid:c"}
    many = "".join(f"<img src=cid:{n}>" for n in range(MOST_REFERENCES + 10))
    assert len(references(many)) == MOST_REFERENCES
