"""URLs in plain text: whole, and without what belongs to the text around them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsink.mime.urls import MOST, spans

WEB = "https://shop.test"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Reset: {WEB}/r?t=aB3_", [f"{WEB}/r?t=aB3_"]),
        (f"Reset: {WEB}/r?t=aB3*~'", [f"{WEB}/r?t=aB3*~'"]),
        (f"Go to {WEB}/a, or {WEB}/b!? Then: {WEB}/c...",
         [f"{WEB}/a", f"{WEB}/b", f"{WEB}/c"]),
        (f"({WEB}/wiki/Tea_(drink)) and [{WEB}/q?a[]=1]", [f"{WEB}/wiki/Tea_(drink)", f"{WEB}/q?a[]=1"]),
        (f"({WEB}/a).", [f"{WEB}/a"]),
        (f"[more]({WEB}/a) **{WEB}/b** _{WEB}/c_ '{WEB}/d'",
         [f"{WEB}/a", f"{WEB}/b", f"{WEB}/c", f"{WEB}/d"]),
        (f'"{WEB}/a" \u201c{WEB}/b\u201d `{WEB}/c`', [f"{WEB}/a", f"{WEB}/b", f"{WEB}/c"]),
        (f"<{WEB}/very/long\n  /path?of=many\n&lines=1_> tail", [f"{WEB}/very/long/path?of=many&lines=1_"]),
        (f"<URL:{WEB}/a.> <{WEB}/b c>", [f"{WEB}/a.", f"{WEB}/b"]),
        (f"<{WEB}/open\nnext line", [f"{WEB}/open"]),
        ("http://localhost:8000/x http://[::1]:80/y http://127.0.0.1/z",
         ["http://localhost:8000/x", "http://[::1]:80/y", "http://127.0.0.1/z"]),
        ("登録は https://例え.test/道 。次は「https://b.test/x」へ",
         ["https://例え.test/道", "https://b.test/x"]),
        (f"{WEB}/a;jsessionid=7; {WEB}/{{{{token}}}}", [f"{WEB}/a;jsessionid=7", f"{WEB}/{{{{token}}}}"]),
        ("Write to mailto:help@shop.test?subject=Hi, please",
         ["mailto:help@shop.test?subject=Hi"]),
        ("https:// http://. mailto:nobody javascript:alert(1) xhttps://no.test http://[", []),
        ("HTTPS://Shop.Test/Path", ["HTTPS://Shop.Test/Path"]),
        (f"{WEB}/" + "x" * 5000, [f"{WEB}/" + "x" * 5000]),
    ],
)  # fmt: skip
def test_urls_are_whole(text: str, expected: list[str]) -> None:
    found = list(spans(text))
    assert [each.url for each in found] == expected
    for each in found:
        assert "".join(text[each.start : each.end].split()) == each.url


@given(st.text(st.sampled_from("<> \n'_)]}([htps:/.ax@*"), max_size=80))
def test_any_text_is_read(text: str) -> None:
    ends = [0, *(each.end for each in spans(text + " http://a.test/" + text))]
    assert ends == sorted(ends)


@pytest.mark.parametrize(
    "unit",
    ["<http://a\n", "<https://x/\n a", "http://", "mailto:a", "https://a)'_].", "(<URL:",
     "http://a" + "(" * 900 + ")" * 950 + " ", "<https://x/" + "a" * 3000 + "\n"],
)  # fmt: skip
def test_hostile_text_takes_linear_time(unit: str) -> None:
    started = time.process_time()
    assert len(list(spans(unit * (3_000_000 // len(unit))))) <= MOST
    assert time.process_time() - started < 5
