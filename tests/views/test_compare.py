"""Two messages side by side."""

from __future__ import annotations

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser as Html

from inbox.insight import compare
from inbox.mailbox import selection, trash
from inbox.mailbox.large import LARGE
from inbox.mailbox.scope import ALL
from inbox.models import Message
from mailsink import diff
from tests.factories import recorded_message

pytestmark = pytest.mark.django_db


def mail(subject: str, total: str = "58.10", html: bool = True) -> Message:
    kind = "text/html" if html else "text/plain"
    lines = "".join(f"<p>line {number}</p>\r\n" for number in range(30))
    head = (
        f"From: Billing <billing@shop.test>\r\nTo: ann@example.com\r\n"
        f"Subject: {subject}\r\nContent-Type: {kind}\r\n\r\n"
    )
    return recorded_message(f"{head}<b>{total}</b>\r\n{lines}".encode())


def compared(client: Client, left: Message, right: Message, tab: str = "") -> Html:
    asked = {"a": str(left.pk), "b": str(right.pk), "tab": tab}
    answer = client.get("/compare", asked)
    assert answer.status_code == 200
    return Html(answer.content.decode())


def tabs(html: Html) -> dict[str, str]:
    return {
        (tab.attributes["href"] or "").rpartition("=")[2]: tab.text().split()[-1]
        for tab in html.css("nav.tabs a")
    }


def test_each_tab_tells_what_differs(client: Client) -> None:
    left, right = mail("Invoice 1"), mail("Invoice 2", "64.80")
    html = compared(client, left, right)
    assert html.css_first("nav.tabs a[aria-current]").text().split()[0] == "Headers"
    (row,) = html.css("tr[data-differs]")
    assert row.css_first("th").text(strip=True) == "Subject"
    assert (row.css_first("del").text(), row.css_first("ins").text()) == ("1", "2")
    assert list(tabs(html)) == [
        "headers", "text", "markup", "rendered", "envelope", "transcript",
    ]  # fmt: skip
    assert tabs(html)["envelope"] == "alike"
    html = compared(client, left, right, "markup")
    assert [each.text() for each in html.css("del")] == ["58.10"]
    # What is alike and long is folded, and can be shown.
    (fold,) = html.css("tr.fold")
    assert "lines are alike" in fold.text()
    url = fold.css_first("a").attributes["href"] or ""
    html = Html(client.get(url).content.decode())
    assert not html.css("tr.fold")
    assert html.css_first(f"tr.same#{url.rpartition('#')[2]}")
    assert "line 15" in html.css_first("table.diff").text()
    html = compared(client, left, right, "rendered")
    assert [frame.attributes["src"] for frame in html.css("iframe")] == [
        f"/messages/{left.pk}/frame",
        f"/messages/{right.pk}/frame",
    ]
    html = compared(client, left, right, "transcript")
    assert html.css("table.diff")


def test_what_only_one_has_is_beside_nothing(client: Client) -> None:
    html = compared(client, mail("One", html=False), mail("Two"), "rendered")
    assert "This message has no HTML" in html.css_first(".frames").text()
    html = compared(client, mail("One", html=False), mail("Two", html=False))
    assert "markup" not in tabs(html)
    assert "rendered" not in tabs(html)


def test_hostile_texts_stay_text(client: Client) -> None:
    left, right = mail("<script>1</script>"), mail("<script>2</script>")
    page = client.get("/compare", {"a": left.pk, "b": right.pk}).content
    assert b"<script>1" not in page
    assert b"&lt;" in page


def test_the_one_before_of_the_subject(client: Client) -> None:
    mail("Order 1 is here")
    same, other = mail("Order 5 is on its way"), mail("Something else")
    last = mail("Order 5 is on its way")
    path = f"/messages/{last.pk}/compare-previous"
    assert client.get(path)["Location"] == f"/compare?a={same.pk}&b={last.pk}"
    alike = mail("Order 71 is on its way")
    path = f"/messages/{alike.pk}/compare-previous"
    assert client.get(path)["Location"] == f"/compare?a={last.pk}&b={alike.pk}"
    path = f"/messages/{same.pk}/compare-previous"
    assert client.get(path).status_code == 302
    stranger = recorded_message(b"From: eve@x.test\r\nSubject: Alone\r\n\r\nHi\r\n")
    path = f"/messages/{stranger.pk}/compare-previous"
    page = client.get(path, follow=True).content.decode()
    assert "No earlier message is like this one" in page
    page = client.get("/compare", {"a": other.pk}).content.decode()
    assert f"/compare?a={same.pk}&amp;b={other.pk}" in page
    # A later one stands on the right.
    assert f"/compare?a={other.pk}&amp;b={last.pk}" in page
    assert client.get("/messages/none/compare-previous").status_code == 404


def newsletter(subject: str, sender: str = "News <news@shop.test>") -> Message:
    head = f"From: {sender}\r\nTo: ann@example.com\r\nSubject: {subject}\r\n"
    rows = "".join(f"<tr><td>{subject} {n}</td></tr>" for n in range(8))
    html = f"<h1>{subject}</h1><table>{rows}</table><a href='https://x.test/'>Go</a>"
    return recorded_message(f"{head}Content-Type: text/html\r\n\r\n{html}\r\n".encode())


def test_the_last_of_the_sender_is_offered_first(client: Client) -> None:
    plain = b"From: News <news@shop.test>\r\nSubject: Welcome!\r\n\r\nHi\r\n"
    last_week = newsletter("Spring colours")
    recorded_message(plain)  # of the sender, but of another kind
    newsletter("Monday", "Other <other@shop.test>")
    this_week = newsletter("Coats and boots")
    page = Html(client.get("/compare", {"a": this_week.pk}).content.decode())
    first, second, *_ = page.css(".others li")
    assert first.css_first(".chip").text() == "Last from News"
    url = f"/compare?a={last_week.pk}&b={this_week.pk}"
    assert first.css_first("a").attributes["href"] == url
    assert "→ ann@example.com" in " ".join(first.text().split())
    assert second.css_first(".chip") is None
    assert len(page.css(f".others a[href='{url}']")) == 1
    path = f"/messages/{this_week.pk}/compare-previous"
    assert client.get(path)["Location"] == url


def test_what_is_read_for_the_last_of_the_sender_is_bounded(client: Client) -> None:
    newsletter("Spring colours")
    large = recorded_message(
        b"From: News <news@shop.test>\r\nSubject: Welcome!\r\n\r\nHi\r\n"
    )
    this_week = newsletter("Coats and boots")
    for size, reached in ((LARGE - 50_000, True), (LARGE, False)):
        Message.objects.filter(pk=large.pk).update(size=size)
        assert bool(compare.last_of_sender(ALL, this_week)) is reached


def test_messages_without_a_sender(client: Client) -> None:
    one, other = (recorded_message(b"Subject: Alone\r\n\r\nHi\r\n") for _ in range(2))
    page = client.get("/compare", {"a": one.pk}).content.decode()
    assert "no sender" in page
    page = client.get("/compare", {"a": one.pk, "b": other.pk}).content.decode()
    assert page.count("no sender") == 2


def test_lines_that_are_not_compared_word_by_word_are_noted(client: Client) -> None:
    note = "Some lines are too long to be compared word by word."
    long = "9 " * diff.MAX_WORDS
    left, right = mail("One", f"{long} 1"), mail("Two", f"{long} 2")
    assert note in compared(client, left, right, "text").html
    assert note not in compared(client, left, right, "headers").html


def test_rendered_has_width_and_colours(client: Client) -> None:
    left, right = mail("One"), mail("Two")
    asked = {"a": left.pk, "b": right.pk, "tab": "rendered", "width": "375"}
    html = Html(client.get("/compare", asked | {"scheme": "dark"}).content.decode())
    frames = html.css(".frames iframe")
    assert {each.attributes["data-width"] for each in frames} == {"375"}
    assert {each.attributes["data-scheme"] for each in frames} == {"dark"}
    assert len({each.attributes["data-height"] for each in frames}) == 1
    assert all(each.attributes["sandbox"] for each in frames)
    assert "allow-scripts" not in html.html
    chosen = html.css(".segment[aria-current]")
    assert [each.text() for each in chosen] == ["375 px", "Dark"]
    html = Html(client.get("/compare", asked | {"width": "x"}).content.decode())
    assert html.css_first("iframe").attributes["data-width"] == "full"


def test_the_other_one_is_searched_for(client: Client) -> None:
    one, other = mail("Order"), mail("Invoice")
    page = client.get("/compare", {"a": one.pk, "q": "subject:invoice"})
    assert f"b={other.pk}" in page.content.decode()
    page = client.get("/compare", {"a": one.pk, "q": "subject:none"})
    assert "No other message matches" in page.content.decode()
    page = client.get("/compare", {"a": one.pk, "q": "frm:x"})
    assert page.status_code == 400
    assert b"Unknown filter" in page.content


def test_what_is_not_there_is_said(client: Client) -> None:
    one, gone = mail("One"), mail("Gone")
    trash.delete(ALL, selection.by_ids([gone.pk]))
    assert client.get("/compare").status_code == 404
    answer = client.get("/compare", {"a": one.pk, "b": gone.pk})
    assert answer.status_code == 404
    assert str(gone.pk) in answer.content.decode()


def test_by_the_api(client: Client) -> None:
    left, right = mail("Invoice 1"), mail("Invoice 2", "64.80")
    path = f"/api/v3/messages/{left.pk}/compare/{right.pk}"
    found = client.get(path).json()
    assert (found["left"], found["right"]) == (str(left.pk), str(right.pk))
    assert found["headers"] == {
        "differing": 1,
        "cut": False,
        "words_cut": False,
        "rows": [
            {
                "kind": "changed",
                "name": "Subject",
                "left": [["Invoice ", False], ["1", True]],
                "right": [["Invoice ", False], ["2", True]],
                "left_line": None,
                "right_line": None,
            }
        ],
    }
    assert found["markup"]["differing"] == 1
    assert found["envelope"]["rows"] == []
    whole = client.get(path, {"alike": "true"}).json()
    assert len(whole["markup"]["rows"]) > 30
    assert client.get(f"/api/v3/messages/{left.pk}/compare/none").status_code == 404


def test_two_that_are_ticked(client: Client) -> None:
    older, newer, third = mail("One"), mail("Two"), mail("Three")
    given = {"do": "compare", "id": [newer.pk, older.pk]}
    answer = client.post("/messages/chosen", given)
    assert answer["Location"] == f"/compare?a={older.pk}&b={newer.pk}"
    given["id"].append(third.pk)
    answer = client.post("/messages/chosen", given)
    assert answer.status_code == 422
    assert b"Select two messages" in answer.content
