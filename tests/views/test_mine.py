"""Mine: patterns of addresses that a browser keeps."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser as Html

from inbox.mailbox import marking
from inbox.mailbox.scope import ALL
from tests.factories import recorded_message

pytestmark = pytest.mark.django_db


def keep(client: Client, patterns: str) -> Html:
    answer = client.post("/settings/mine", {"patterns": patterns}, follow=True)
    return Html(answer.content.decode())


def side_bar(client: Client) -> dict[str, str]:
    html = Html(client.get("/").content.decode())
    links = html.css("nav.side a")
    return {each.text().split()[0]: each.attributes["href"] or "" for each in links}


def counted(client: Client) -> tuple[int, int | None]:
    """Return how much is unread, and how much of that is mine."""
    found = client.get("/counts").json()
    return found["unread"], found["mine"]


def test_the_list_and_the_count_follow(client: Client) -> None:
    recorded_message(recipients=(("shop+ann-7@example.com", 250),))
    recorded_message(recipients=(("bob@example.com", 250), ("ANN@EXAMPLE.COM", 250)))
    recorded_message(recipients=(("joann@example.com", 250),))
    assert "Mine" not in side_bar(client)
    assert counted(client) == (3, None)
    page = keep(client, " *+ann*@*, ann@example.com\n*+ann*@* ")
    assert page.css_first("#patterns").text() == "*+ann*@*\nann@example.com"
    path = side_bar(client)["Mine"]
    asked = parse_qs(urlsplit(path).query)["q"]
    assert asked == ["rcpt:*+ann*@* OR rcpt:ann@example.com"]
    html = Html(client.get(path).content.decode())
    assert len(html.css("#entries li.row")) == 2
    (current,) = html.css("nav.side a[aria-current]")
    assert current.text().split()[0] == "Mine"
    assert counted(client) == (3, 2)
    marking.update(ALL, "latest", read=True)
    assert counted(client) == (2, 2)
    keep(client, "")
    assert "Mine" not in side_bar(client)


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        ("ann", "ann is not an address pattern: write an address"),
        ('"ann"@*', "it has a quote"),
        ("*a*b*c*d*e*f*g*h*@*", "Too many * in rcpt: it takes at most 8."),
        (
            " ".join(f"person-{n}@example.com" for n in range(25)),
            "or they are too long",
        ),
    ],
)
def test_what_is_no_pattern_is_said(client: Client, patterns: str, words: str) -> None:
    answer = client.post("/settings/mine", {"patterns": patterns})
    assert answer.status_code == 422
    html = Html(answer.content.decode())
    assert words in html.css_first("#browser [role=alert]").text()
    assert html.css_first("#patterns").text() == patterns
    assert "mailsink_mine" not in client.cookies


@pytest.mark.parametrize("cookie", ["%zz", "ann", "x" * 3000, "*%00@*", "%22"])
def test_a_cookie_that_we_did_not_write_is_none(client: Client, cookie: str) -> None:
    client.cookies["mailsink_mine"] = cookie
    assert client.get("/counts").json()["mine"] is None
    assert "Mine" not in side_bar(client)
