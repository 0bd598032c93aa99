"""Links and images that a mail refers to."""

from __future__ import annotations

import pytest

from mailsink.mime.links import MOST, of_html, of_text, remote_hosts


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="https://a.test/x">See <b>it</b>\n now</a>', ("link", "https://a.test/x", "See it now")),
        ("<A HREF=https://a.test>x", ("link", "https://a.test", "x")),
        ('<a href="?a=1&amp;b=2">x</a>', ("link", "?a=1&b=2", "x")),
        ('<a href="/x"><img alt="Logo" src=""></a>', ("link", "/x", "Logo")),
        ('<img src="https://a.test/i.png" alt="An i">', ("image", "https://a.test/i.png", "An i")),
        ("<img src=//a.test/i.png>", ("image", "//a.test/i.png", "")),
        ('<img srcset="https://a.test/1.png 1x, https://a.test/2.png 2x">', ("image", "https://a.test/1.png", "")),
        ('<td background="https://a.test/b.png">', ("image", "https://a.test/b.png", "")),
        ("<video poster='https://a.test/p.png'>", ("image", "https://a.test/p.png", "")),
        ("<div style=\"background:url('https://a.test/c.png')\">", ("image", "https://a.test/c.png", "")),
        ("<style>p{background:URL( https://a.test/d.png )}</style>", ("image", "https://a.test/d.png", "")),
        ('<area href="https://a.test/m" alt="Map">', ("link", "https://a.test/m", "Map")),
    ],
)  # fmt: skip
def test_references(html: str, expected: tuple[str, str, str]) -> None:
    first = of_html(html)[0]
    assert (first.kind, first.url, first.text) == expected


def test_comments_and_scripts_refer_to_nothing() -> None:
    assert of_html("<!--<a href=x>--><script>'<img src=y>'</script>") == []


def test_remote_hosts() -> None:
    html = (
        '<img src="https://CDN.test/1"><img src="http://cdn.test/2"><img src="cid:x">'
        '<img src="https://user@t.test:8443/p.gif" width=1 height=1><img src="data:,">'
    )
    found = of_html(html)
    assert remote_hosts(found) == {"cdn.test": 2, "t.test:8443": 1}
    assert [each.pixel for each in found] == [False, False, False, True, False]


def test_links_of_text() -> None:
    text = "See <https://a.test/x>, or (http://b.test/y_z). HTTPS://C.test!"
    assert [each.url for each in of_text(text)] == [
        "https://a.test/x", "http://b.test/y_z", "HTTPS://C.test",
    ]  # fmt: skip


def test_no_more_than_so_many() -> None:
    assert len(of_html("<a href=x>y</a>" * (MOST + 5))) == MOST
