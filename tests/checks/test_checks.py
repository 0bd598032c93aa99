"""Each check: what it finds, and what it lets pass."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from inbox import checks
from inbox.checks import KINDS, ChecksReport
from inbox.checks.caniemail import CLIENTS, FEATURES
from inbox.checks.colours import colour, contrast
from inbox.checks.support import CHIEF, Use
from mailsink.mime import structure
from mailsink.mime.elements import MAX_ELEMENTS
from tests.mime.hostile import corpus

DOCS = (Path(__file__).parents[2] / "docs" / "checks.md").read_text()
HEAD = (
    "From: Ann <ann@shop.com>\nTo: bob@example.com\nSubject: Hello\nMIME-Version: 1.0\n"
)
LONG = "Your parcel left our warehouse this morning and comes to your door on Thursday, carried by Bob. "
ALTERNATIVE = (
    HEAD
    + "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n{}\n--b\nContent-Type: text/html\n\n{}\n--b--\n"
)


def mail(text: str) -> ChecksReport:
    octets = text.replace("\n", "\r\n").encode()
    return checks.examine(octets, structure.parse(octets))


def html(body: str, head: str = "") -> ChecksReport:
    return mail(f"{HEAD}{head}Content-Type: text/html; charset=utf-8\n\n{body}")


def plain(body: str, head: str = "") -> ChecksReport:
    return mail(f"{HEAD}{head}\n{body}")


def subject(text: str) -> ChecksReport:
    return mail(HEAD.replace("Hello", text) + "\nHi.\n")


def both(text: str, markup: str) -> ChecksReport:
    return mail(ALTERNATIVE.format(text, markup))


def image(octets: int) -> ChecksReport:
    body = "A" * octets
    return mail(
        f"{HEAD}Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n{body}"
    )


def related(markup: str, head: str) -> ChecksReport:
    """HTML with a part beside it."""
    return mail(
        f"{HEAD}Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n{markup}\n"
        f"--b\nContent-Type: image/png\n{head}\n\nx\n--b--\n"
    )


def unsubscribe(field: str, *, post: bool = True) -> ChecksReport:
    more = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n" if post else ""
    return plain("Hi.", f"List-Unsubscribe: {field}\n{more}")


def found(report: ChecksReport) -> set[str]:
    return {result.kind.name for result in report.results}


# kind, mails that it is found in, mails that it is not found in
Case = tuple[str, list[ChecksReport], list[ChecksReport]]
P = "<p style='{}'>Text"


def _carried() -> list[Case]:
    return [
        ("cid_without_part",
         [html("<img src=cid:a@b>"), related("<img src=cid:i>", "Content-ID: <=?utf-8?q?i?=>"),
          related("<p style='background:url(cid:j)'>", "Content-ID: <i>"), html("<a href=cid:x>x</a>")],
         [related("<img src='cid:my logo'>", "Content-ID: <my logo>"), html("<p>cid:x</p>"),
          related("<img src=cid:caf%C3%A9>", "Content-ID: <café>"), html("<img src=a.png>")]),
        ("part_without_reference",
         [related("<p>Hi", "Content-ID: <i>"), related("<p>cid:i", "Content-Disposition: attachment\nContent-ID: <i>"),
          related("<img src=b.png>", "Content-Location: a.png")],
         [related("<img src=cid:i>", "Content-ID: <i>"), related("<a href='cid:i'>x</a>", "Content-ID: <i>"),
          related("<img src=a.png>", "Content-Location: a.png"), plain("Hi.")]),
        ("relative_link", [related("<img src=b.png>", "Content-Location: a.png")],
         [related("<img src=a.png>", "Content-Location: a.png")]),
    ]  # fmt: skip


def _content() -> list[Case]:
    variables = "{{ name }}|{% if x %}|${name}|#{name}|%%name%%|*|NAME|*|[[name]]|<%= name %>|%(name)s|{first_name}"
    variables = variables.replace("*|NAME|*", "*¦NAME¦*")
    return [
        ("placeholder", [plain(f"Dear {each.replace('¦', '|')},") for each in variables.split("|")]
         + [subject("Order {{ n }}"), html("<p>{{ x }}"), html("<img alt='{{ x }}'>"),
            html("<a href='https://shop.com/{{ id }}'>x</a>"), html("<a href='https://shop.com/%7B%7Bid%7D%7D'>x</a>"),
            plain("https://shop.com/%7B%7Bid%7D%7D")],
         [plain("{ x } 100% [1] $5 {} {{ 5 % * | 5"), html("<style>a{b:c}}</style><!-- {{ x }} -->")]),
        ("missing_value", [plain("Dear undefined,"), plain("[object Object]"), plain("NaN EUR"), subject("Hi null"),
                           plain("Hello None,"), html("<a href='https://shop.com/undefined'>x</a>")],
         [plain("nullified, Nancy, undefined-behaviour, none of it, is.null.org"), plain("None of it")]),
        ("filler", [plain("Lorem ipsum dolor"), html("<p>TODO: write this"), subject("FIXME")],
         [plain("Todo list, XXXL, mastodon"), html("<!-- TODO -->Hi")]),
        ("local_link", [html(f"<a href='{url}'>x</a>") for url in (
            "http://localhost:8000/x", "http://127.0.0.1/", "https://10.0.3.4/", "http://[::1]/", "http://app/",
            "http://nas.local/", "//localhost/x")] + [plain("See http://localhost:3000."), html("<img src=http://web/x.png>")],
         [html("<a href='https://shop.com/localhost'>x</a>"), plain("localhost"), html("<a href='http://[/'>x</a>"),
          html("<a href=https://8.8.8.8/>x</a>")]),
        ("example_link", [html("<a href='https://www.example.com/'>x</a>"), plain("https://a.test/x")],
         [html("<a href='https://myexample.com/'>x</a>")]),
        ("empty_link", [html(f"<a href='{url}'>x</a>") for url in ("", "#", " ", "javascript:void(0)", "http://")],
         [html("<a name='x'>x</a><a href='#x'>x</a><a href='mailto:a@b.com'>x</a>")]),
        ("relative_link", [html("<a href='/x'>x</a>"), html("<img src=logo.png>"), html("<a href='www.shop.com'>x</a>")],
         [html("<a href='{{ url }}'>x</a>"),
          html("<a href='//shop.com/'>x</a><img src=cid:x><a href=tel:1>x</a><img src=data:image/png;base64,aa>")]),
    ]  # fmt: skip


def _text() -> list[Case]:
    bulk = plain("Unsubscribe: https://shop.com/u")
    return [
        ("no_subject", [subject(""), mail("From: a@b.c\n\nHi")], [subject("x")]),
        ("no_text_part", [html("<p>Hi")], [plain("Hi"), both("Hi", "<p>Hi")]),
        ("empty_text_part", [both("", "<p>Hi"), both(" \n", "<p>Hi")], [both("Hi", "<p>Hi"), html("<p>Hi")]),
        ("text_differs", [both("View it in a browser", f"<p>{LONG}")], [both(LONG, f"<p>{LONG}"), both("Hi", "<p>Ho")]),
        ("no_charset", [plain("Grüße"), mail(HEAD + "Content-Type: text/html\n\nGrüße")],
         [plain("Hi"), html("<p>Grüße")]),
        ("undecodable_text", [plain("Grüße", "Content-Type: text/plain; charset=utf-9\n"),
                              plain("Grüße", "Content-Type: text/plain; charset=us-ascii\n")],
         [plain("Hi", "Content-Type: text/plain; charset=utf-9\n"), html("Grüße"),
          plain("Grüße", "Content-Type: text/plain; charset=iso-8859-1\n")]),
        ("charset_differs", [html("<meta charset=iso-8859-1>Hi"),
                             html("<meta http-equiv=Content-Type content='text/html; charset=windows-1252'>Hi")],
         [html("<meta charset=UTF8>Hi"), html("<meta name=x content=charset>Hi")]),
        ("no_list_unsubscribe", [bulk, plain("x", "Precedence: bulk\n"), plain("x", "List-Id: <a.b>\n"),
                                 html("<a href=https://shop.com/u>Abmelden</a>")],
         [plain("Hi."), unsubscribe("<https://shop.com/u>")]),
        ("not_one_click", [unsubscribe("<https://shop.com/u>", post=False), unsubscribe("<mailto:u@shop.com>")],
         [unsubscribe("<mailto:u@shop.com>, <https://shop.com/u>"), bulk]),
        ("bad_list_unsubscribe", [unsubscribe("https://shop.com/u"), unsubscribe("<ftp://x>"), unsubscribe("<https:")],
         [unsubscribe("<mailto:u@shop.com>")]),
        ("no_reply", [mail("From: no-reply@shop.com\n\nHi"), mail("From: x <DoNotReply@shop.com>\n\nHi")],
         [plain("Hi"), mail("From: noreply@shop.com\nReply-To: a@shop.com\n\nHi")]),
        ("emoji_in_subject", [subject("Hi 🚚")], [subject("Grüße")]),
        ("preview_text", [html("<p>Hi")], [plain("Hi"), html("<p>")]),
    ]  # fmt: skip


def _accessibility() -> list[Case]:
    return [
        ("image_without_alt", [html("<img src=cid:x>"), html("<map><area href=https://shop.com/></map>")],
         [html("<img alt=''><img aria-hidden=true><img role=presentation><img aria-label=x>")]),
        ("link_without_text", [html("<a href=https://shop.com/></a>"), html("<a href=https://shop.com/><img alt=''> </a>")],
         [html("<a href=x>x</a>"), html("<a href=x><b>x</b></a>"), html("<a href=x><img alt=x></a>"),
          html("<a href=x aria-label=y></a><a name=z></a><a href=x title=y></a>")]),
        ("low_contrast", [html(P.format("color:#999")), html(P.format("background:black")),
                          html("<td bgcolor=#000><font color=navy>Text"), html(P.format("color: RGB(200, 200, 200)")),
                          html(P.format("color:hsl(0 0% 80%)")), html(P.format("color:#999!important;color:#000")),
                          html(f"<div style='background:#eee'>{P.format('color:#888')}</div>"),
                          html("<font size=4 color=#949494>Text"), html("<font size='+1' color=#949494>Text")],
         [html(P.format("color:#767676")), html(P.format("color:#949494;font-size:24px")),
          html(P.format("color:#949494;font-size:19px;font-weight:bold")), html(P.format("color:#999;display:none")),
          html(P.format("color:#fff;background:url(x.png)")), html(P.format("color:rgba(0,0,0,.1)")),
          html("<style>p{background:#000}</style>" + P.format("color:#fff")),
          html("<style>.x{color:#000}</style><p class=x style='background:#000'>Text"),
          html("<p style='color:#fff'>…"),
          *(html(f"<font size='{size}' color=#949494>Text") for size in ("5", " 6px", "0005", "12", "1234567", "+2", "9" * 9999)),
          html("<td background=x.png bgcolor=#fff><font color=#ccc>Text"),
          html(P.format("color:#ccc;background-image:url(x.png)")), html("<p style='background:#000'><a href=x>Text</a>")]),
        ("small_text", [html(P.format("font-size:9px")), html(P.format("font-size:6pt")), html(P.format("font-size:.5em")),
                        html("<div style='font-size:12px'>" + P.format("font-size:75%"))],
         [html(P.format("font-size:10px")), html(P.format("font-size:0")), html(P.format("font-size:1px")),
          html(P.format("font-size:small"))]),
        ("no_lang", [html("<p>Hi"), html("<html><p>Hi")], [html("<html lang=de>Hi"), html("<div lang=de>Hi"), plain("Hi")]),
        ("no_title", [html("<p>Hi"), html("<title> </title>Hi")], [html("<title>Hi</title>"), plain("Hi")]),
        ("heading_order", [html("<h1>a</h1><h3>b</h3>")], [html("<h2>a</h2><h3>b</h3><h1>c</h1><h2>d</h2>")]),
        ("layout_table", [html("<table><tr><td>x"), html("<table><tr><td><table><th>x</table></table>")],
         [html("<table role=presentation><tr><td>x"), html("<table><tr><th>x"), html("<table role=none>")]),
    ]  # fmt: skip


def _size() -> list[Case]:
    kb = "x" * 1023 + "\n"
    return [
        ("clipped", [html(kb * 103)], [html(kb * 100), plain(kb * 103)]),
        ("nearly_clipped", [html(kb * 95)], [html(kb * 90), html(kb * 103)]),
        ("too_large", [plain(kb * 1024 * 26)], [plain(kb * 1024 * 24)]),
        ("large", [plain(kb * 1024 * 11)], [plain(kb * 1024 * 9), plain(kb * 1024 * 26)]),
        ("heavy_image", [image(700_000)], [image(600_000)]),
        ("many_images", [html("<img alt=''>" * 31)], [html("<img alt=''>" * 30)]),
        ("long_subject", [subject("x" * 71)], [subject("x" * 70)]),
        ("long_text_lines", [plain("x y" * 30)],
         [plain("x" * 90), plain("x y" * 26), plain("x y" * 30, "Content-Type: text/plain; format=flowed\n")]),
    ]  # fmt: skip


def _support() -> list[Case]:
    return [
        ("script", [html("<script>1</script>")], [html("<script type=application/ld+json>1</script>")]),
        ("little_supported", [html("<style>@font-face{font-family:x}</style>")], [html("<p>Hi"), plain("Hi")]),
        ("partly_supported", [html("<style>a{margin:0}</style>")], [plain("Hi")]),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    made = (
        *_content(),
        *_carried(),
        *_text(),
        *_accessibility(),
        *_size(),
        *_support(),
    )
    return {case[0]: case for case in made}


@pytest.mark.parametrize("kind", KINDS)
def test_check(cases: dict[str, Case], kind: str) -> None:
    _, yields, passes = cases[kind]
    for number, report in enumerate(yields):
        assert kind in found(report), f"not found in {number}"
    for number, report in enumerate(passes):
        assert kind not in found(report), f"found in {number}"


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_kinds_have_their_words_and_docs_have_them(kind: checks.CheckKind) -> None:
    assert kind.sentence.endswith((".", ")", "”."))
    assert kind.severity == "info" or kind.fix
    assert (
        f"| `{kind.name}` | {kind.severity} | {kind.title} | {kind.sentence} |" in DOCS
    )


def test_docs_have_no_other_kinds() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", DOCS, re.MULTILINE)) == set(KINDS)
    assert "MIT License" in DOCS


def test_good_mail_breaks_nothing() -> None:
    page = (
        "<!doctype html><html lang=en><title>Hi</title><table role=presentation><tr><td>"
        f"<h1>Your parcel</h1><p>{LONG}</p><a href='https://shop.com/'>Follow it</a></table>"
    )
    report = both(LONG[:70] + "\n" + LONG[70:], page)
    assert not report.counted


def test_places_are_told() -> None:
    report = html("<p>a\n<p>{{ x }}\n<a href=#>y</a>")
    spots = {result.kind.name: result.spots[0] for result in report.results}
    assert (spots["placeholder"].place, spots["placeholder"].line) == ("HTML", 2)
    assert spots["placeholder"].snippet == "{{ x }}"
    assert (spots["empty_link"].line, spots["empty_link"].snippet) == (3, "#")
    low = html(P.format("color:#777")).results
    words = next(r.spots[0].words for r in low if r.kind.name == "low_contrast")
    assert words == "4.47:1, #777777 / #ffffff"  # WebAIM's and axe's figure too


def test_gravest_come_first_and_places_are_few() -> None:
    report = html("<a href=/x>x</a>" * 50 + "<img>")
    severities = [result.kind.severity for result in report.results]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    result = report.results[0]
    assert (result.kind.name, result.count) == ("relative_link", 50)
    assert len(result.spots) == checks.SPOTS


def test_colours() -> None:
    written = ("#Fa0", "#ffaa00", "#fa0f", "rgb(255,170,0)", "rgb(255 170 0 / 100%)", "hsl(40, 100%, 50%)")  # fmt: skip
    assert {colour(each) for each in written} == {(255, 170, 0)}
    assert colour(" White ") == colour("rgb(300, 1e999, 256)") == (255, 255, 255)
    assert colour("RebeccaPurple") == (102, 51, 153)
    for unknown in ("#12", "var(--x)", "rgba(0,0,0,.5)", "#0008", "rgb(1,2)", "", "nocolour", "transparent",
                    "currentcolor", "color()", "lab(50 40 59)", "red blue", "#" * 10_000, "9" * 10_000):  # fmt: skip
        assert colour(unknown) is None
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


def uses(body: str) -> dict[str, Use]:
    return {use.feature.slug: use for use in html(body).support.uses}


def styled(css: str) -> str:
    return f"<style>{css}</style>"


@pytest.mark.parametrize(
    ("body", "features"),
    [
        ("<!DOCTYPE html><p>", "html-doctype html-p"),
        (styled("a{display:flex;flex-direction:column;flex-wrap:wrap}"),
         "css-display css-display-flex css-flex-direction css-flex-wrap"),
        (styled("a{display:grid;grid-template-columns:1fr;gap:1px}"),
         "css-display-grid css-grid-template css-gap css-unit-px"),
        ("<p style='display: none !important'>", "css-display-none css-important"),
        (styled("a{width:calc(100% - 2em);height:50vh;margin:-1.5rem}"),
         "css-width css-unit-calc css-unit-percent css-unit-em css-unit-vh css-unit-rem css-margin"),
        (styled("a{color:rgb(1,2,3);background:linear-gradient(red,blue)}"), "css-rgb css-linear-gradient css-background"),
        (styled(":root{--x:1}a{color:var(--x)}"), "css-variables"),
        (styled("@media (prefers-color-scheme:dark){a{color:red}}"), "css-at-media css-at-media-prefers-color-scheme"),
        (styled("@import 'a.css';@font-face{src:url(a.woff)}@supports (a:b){}"), "css-at-import css-at-font-face css-at-supports"),
        (styled("a > b + i ~ u, #x .y[z]:hover::after{top:0}"),
         "css-selector-child css-selector-adjacent-sibling css-selector-general-sibling css-selector-grouping css-selector-id"
         " css-selector-class css-selector-attribute css-selector-descendant css-pseudo-class-hover css-pseudo-element-after"
         " css-left-right-top-bottom css-selector-type"),
        (styled("a.b{c:d}*{e:f}"), "css-selector-chaining css-selector-universal"),
        (styled("a{&:hover{color:red}}"), "css-nesting"),
        ("<img src=a.webp loading=lazy srcset='a 2x' width=1>", "html-img image-webp html-loading-attribute html-srcset html-width"),
        ("<img src='data:image/png;base64,AAAA'><img src='https://a.com/b.SVG?c'>", "image-base64 image-svg"),
        ("<p style='background:url(x.avif)'>", "image-avif"),
        ("<p style='background:-webkit-image-set(\"x.avif\" 1x);width:-moz-calc(1px);font:1pt system-ui'>",
         "image-avif css-unit-calc css-unit-px css-unit-pt css-sytem-ui"),
        (styled("a{b:repeating-linear-gradient(red,oklch(0 0 0))}@media print{a:is(b.c > d)::AFTER{e:f}}"),
         "css-linear-gradient css-modern-color css-at-media css-selector-chaining css-selector-child css-pseudo-element-after"),
        ("<h2></h2><ol><li></ol><section></section>", "html-h1-h6 html-lists html-semantics"),
        ("<form><input type=checkbox><input><button></button></form>", "html-form html-input-checkbox html-input-text html-button-submit"),
        ("<a href=#x></a><a href=mailto:a@b.c>", "html-anchor-links html-mailto-links"),
        ("<meta name=color-scheme content=dark><video><svg></svg>", "html-meta-color-scheme html-video html-svg"),
    ],
)  # fmt: skip
def test_features_are_found(body: str, features: str) -> None:
    assert set(features.split()) <= set(uses(body))
    assert set(features.split()) <= FEATURES.keys()


def test_features_are_not_imagined() -> None:
    assert uses("<p title='display:flex'>12px var(--x)</p>").keys() == {"html-p"}
    quiet = uses(
        styled("a{content:'12px var(--x) !important';color:#12em}/* b{top:0} */")
    )
    assert quiet.keys() == {"html-style", "css-selector-type"}
    assert "css-display-grid" not in uses(styled("a{display:block}"))
    assert "css-important" not in uses(styled("a{important:1;nesting:2}"))
    assert "css-selector-type" not in uses(styled(".a:nth-child(n):lang(de){b:c}"))


def test_support_is_told_by_feature_and_program() -> None:
    report = html("<p>\n" + styled("a{display:flex}b{display:flex}"))
    use = next(
        each for each in report.support.uses if each.feature.slug == "css-display-flex"
    )
    assert (use.count, use.line, use.snippet) == (2, 2, "display: flex")
    assert "Outlook (Windows)" in {each.client for each in use.lacking}
    assert 0 < use.percent < 100
    programs = {each.name: each for each in report.support.clients}
    assert use in programs["Outlook (Windows)"].lacking
    assert use not in programs["Apple Mail (macOS)"].lacking
    assert programs.keys() == set(CLIENTS)
    assert report.support.worst
    assert report.support.worst.name == "Outlook (Windows)"
    matrix = {each.feature.slug: told for each, told in report.support.matrix}
    answers = dict(zip(CHIEF, matrix["css-display-flex"], strict=True))
    assert (answers["Outlook (Windows)"], answers["Apple Mail (macOS)"]) == ("n", "y")


def test_data_is_whole() -> None:
    assert set(CHIEF) <= set(CLIENTS)
    assert len(FEATURES) > 300
    # 2019-10 came before 16.80
    flex = {each.client: each for each in FEATURES["css-display-flex"].results}
    assert flex["Outlook (macOS)"].version.startswith("16.")
    partly = [each for each in FEATURES["html-style"].results if each.answer == "a"]
    assert all(each.notes for each in partly)


def test_what_is_left_out_is_told() -> None:
    assert html("<br>" * (MAX_ELEMENTS + 1)).is_cut
    assert html(styled("a{}" * 90_000)).is_css_cut
    small = html(styled("a{b:c}"))
    assert not small.is_cut
    assert not small.is_css_cut


def test_hostile_mail_is_checked() -> None:
    for name, octets in corpus():
        report = checks.examine(octets, structure.parse(octets))
        for result in report.results:
            assert all(len(spot.snippet) <= 120 for spot in result.spots), name


@pytest.mark.parametrize(
    "piece",
    [
        "<p style='color:red;margin:0 4px' class='x y'>a<b>b</b></p>\n", "<div>", "<", "{{", "{{ undefined TODO ", "http://",
        "*|", "<a href=''>", "<style>.a > b{color:rgb(1,2,3)}", "<style>{", "<a x=1 ", "%7B", "&nbsp;", "${", "[[", "\\",
        "<td style='font:", "url(",
    ],
)  # fmt: skip
def test_five_megabytes_are_answered_soon(piece: str) -> None:
    began = time.process_time()
    html(piece * (5_000_000 // len(piece)))
    assert time.process_time() - began < 20  # under 2 s on a quiet machine


def test_five_megabytes_of_text_are_answered_soon() -> None:
    began = time.process_time()
    plain("{{ undefined TODO http://a.test/${ %7B *|\n" * 120_000)
    assert time.process_time() - began < 20
