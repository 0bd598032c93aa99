"""What a message's page reads out of its fields and parts."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from tests.factories import recorded_message

pytestmark = pytest.mark.django_db

PANE = {"HX-Request": "true", "HX-Target": "detail"}


def words(client: Client, octets: bytes, tab: str = "") -> str:
    """Return the words of a message's page."""
    path = f"/messages/{recorded_message(octets).id}{tab}"
    page = client.get(path, headers=PANE).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_an_empty_group_is_named_as_the_recipient(client: Client) -> None:
    octets = b"From: a@b.test\r\nTo: Hidden from you:;\r\nCc: all:;\r\n\r\nx"
    page = words(client, octets)
    assert "To Hidden from you" in page
    assert "Cc all" in page


def test_groups_are_named_with_their_members(client: Client) -> None:
    octets = (
        b"From: a@b.test\r\nTo: Ann <ann@x.test>\r\nTo: Crew: c@x.test;\r\n"
        b"Cc: Team: a@x.test, Bo <b@x.test>;, z@x.test\r\n"
        b"Bcc: =?utf-8?q?B=C3=BCro?=: d@x.test\r\nReply-To: Desk: e@x.test;\r\n\r\nx"
    )
    page = html.unescape(words(client, octets))
    for line in (
        "To Ann <ann@x.test>, Crew: c@x.test; Cc",
        "Cc Team: a@x.test, Bo <b@x.test>;, z@x.test Bcc",
        "Bcc Büro: d@x.test; Reply-To",
        "Reply-To Desk: e@x.test; ",
    ):
        assert line in page


def test_nobody_is_none(client: Client) -> None:
    assert "To (none)" in words(client, b"From: a@b.test\r\nTo: (nobody)\r\n\r\nx")


def test_links_of_the_text_open_apart_and_leave_it_unchanged(client: Client) -> None:
    said = "Go (https://shop.test/a?b=1&c=<2>) now, <https://shop.test/x\ny>.\n"
    octets = b"From: a@b.test\r\n\r\n" + said.replace("\n", "\r\n").encode()
    path = f"/messages/{recorded_message(octets).id}?tab=text"
    page = LexborHTMLParser(client.get(path).content.decode())
    pre = page.css_first("pre.text")
    assert pre is not None
    assert pre.text() == said
    links = [each.attributes for each in pre.css("a")]
    assert [each["href"] for each in links] == [
        "https://shop.test/a?b=1&c=", "https://shop.test/xy",
    ]  # fmt: skip
    assert {(each["rel"], each["target"]) for each in links} == {
        ("noopener noreferrer", "_blank")
    }


def test_a_link_over_soft_breaks_is_an_action(client: Client) -> None:
    octets = (
        b"From: a@b.test\r\nSubject: Sign-up\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n"
        b"Confirm: https://shop.test/confirm/8f3a9c \r\n2b7d1e5f60?token=4471aa90\r\n"
    )
    path = f"/api/v3/messages/{recorded_message(octets).id}"
    (action,) = client.get(path).json()["actions"]
    url = "https://shop.test/confirm/8f3a9c2b7d1e5f60?token=4471aa90"
    assert (action["kind"], action["url"]) == ("confirm", url)


INVITE = (
    b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Stocktaking\r\n"
    b"DTSTART;TZID=Asia/Tokyo:20261202T073000\r\nDURATION:PT2H\r\n"
    b"RRULE:FREQ=WEEKLY;COUNT=3\r\nORGANIZER;CN=Olga:mailto:olga@shop.test\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)
WHEN = "2 Dec 2026, 07:30 \u2013 09:30 Asia/Tokyo"
IN_UTC = "1 Dec 2026, 22:30 \u2013 2 Dec 2026, 00:30 UTC"
HEAD = b"From: a@shop.test\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
WHOLE = HEAD + b"Content-Type: text/calendar; method=REQUEST\r\n\r\n" + INVITE
ALTERNATIVE = (
    HEAD + b"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nYou are invited\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>You are invited</p>\r\n"
    b"--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n" + INVITE + b"--b--\r\n"
)  # fmt: skip


@pytest.mark.parametrize(
    ("octets", "tab"),
    [(WHOLE, "?tab=text"), (ALTERNATIVE, "?tab=text"), (ALTERNATIVE, "?tab=html"),
     (ALTERNATIVE, "?tab=parts&part=3")],
)  # fmt: skip
def test_an_invitation_is_shown_as_one(client: Client, octets: bytes, tab: str) -> None:
    page = words(client, octets, tab)
    told = f"Invitation Stocktaking When {WHEN} {IN_UTC} Repeats every week, 3 times"
    assert f"{told} Organiser Olga &lt;olga@shop.test&gt;" in page


@pytest.mark.parametrize("octets", [WHOLE, ALTERNATIVE])
def test_the_api_tells_the_events(client: Client, octets: bytes) -> None:
    (event,) = client.get(f"/api/v3/messages/{recorded_message(octets).id}").json()[
        "events"
    ]
    assert event["method"] == "REQUEST"
    assert event["start"] == "2026-12-01T22:30:00Z"
    assert event["end"] == "2026-12-02T00:30:00Z"
    assert event["when"] == f"{WHEN} = {IN_UTC}"
    assert event["organizer"]["address"] == "olga@shop.test"


def test_a_day_is_told_without_a_time(client: Client) -> None:
    day = INVITE.replace(
        b"DTSTART;TZID=Asia/Tokyo:20261202T073000", b"DTSTART:20261224"
    )
    octets = WHOLE.replace(INVITE, day.replace(b"DURATION:PT2H", b"DTEND:20261226"))
    (event,) = client.get(f"/api/v3/messages/{recorded_message(octets).id}").json()[
        "events"
    ]
    assert (event["start"], event["end"]) == ("2026-12-24", "2026-12-25")
    assert event["when"] == "24 Dec 2026 \u2013 25 Dec 2026"


def test_a_duration_out_of_all_years_is_no_error(client: Client) -> None:
    octets = WHOLE.replace(b"20261202T073000", b"99991231T230000")
    octets = octets.replace(b"PT2H", b"P99999W")
    assert "not given" in words(client, octets, "?tab=text")
    assert (
        client.get(f"/api/v3/messages/{recorded_message(octets).id}").status_code == 200
    )


def test_a_calendar_that_is_only_attached_is_no_invitation(client: Client) -> None:
    attached = b"Content-Disposition: attachment\r\nContent-Type: text/calendar"
    octets = ALTERNATIVE.replace(b"/alternative", b"/mixed")
    octets = octets.replace(b"Content-Type: text/calendar", attached)
    told = client.get(f"/api/v3/messages/{recorded_message(octets).id}").json()
    assert told["events"] == []


def test_folds_within_characters_are_no_defect(client: Client) -> None:
    octets = WHOLE.replace(b"text/calendar;", b"text/calendar; charset=utf-8;")
    octets = octets.replace(
        b"Stocktaking", "St\u00fcck".encode()[:3] + b"\r\n " + "St\u00fcck".encode()[3:]
    )
    told = client.get(f"/api/v3/messages/{recorded_message(octets).id}").json()
    assert not any("utf-8" in each for each in told["defects"])
    assert "Stück" in told["text"]
    assert told["events"][0]["summary"] == "Stück"
