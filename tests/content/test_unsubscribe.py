"""How a newsletter is left, and which message a report is about."""

from __future__ import annotations

import pytest

from inbox.content import unsubscribe
from mailsink.mime import originals, structure
from mailsink.mime.reading import Reading


def of(fields: str) -> tuple[str, str, bool] | None:
    root = structure.parse(f"{fields}\r\n\r\nx".encode()).root
    found = unsubscribe.of(root)
    return found and (found.url, found.mailto, found.one_click)


ONE_CLICK = "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click"
BOTH = "List-Unsubscribe: <mailto:u@n.example>,\r\n <https://n.example/u>"


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ("Subject: x", None),
        ("List-Unsubscribe: https://n.example/u", None),
        ("List-Unsubscribe: <javascript:alert(1)>", None),
        ("List-Unsubscribe: <https://>", None),
        (BOTH, ("https://n.example/u", "u@n.example", False)),
        (BOTH + ONE_CLICK, ("https://n.example/u", "u@n.example", True)),
        ("List-Unsubscribe: <http://n.example/u>" + ONE_CLICK,
         ("http://n.example/u", "", False)),
        ("list-unsubscribe: <https://n.example/a\r\n b>", ("https://n.example/ab", "", False)),
        ("List-Unsubscribe: <mailto:u@n.example?subject=off>",
         ("", "u@n.example?subject=off", False)),
    ],
)  # fmt: skip
def test_where_to_unsubscribe(fields: str, found: tuple[str, str, bool] | None) -> None:
    assert of(fields) == found


REPORT = (
    "Content-Type: multipart/report; boundary=b\r\nIn-Reply-To: <reply@a.test>\r\n\r\n"
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n"
    "{}--b--\r\n"
)


@pytest.mark.parametrize(
    ("enclosed", "message_id", "subject"),
    [
        ("", "reply@a.test", ""),
        ("--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <1@a.test>\r\n"
         "Subject: Hi\r\n\r\nx\r\n", "1@a.test", "Hi"),
        ("--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: Hi\r\n"
         "Message-ID: <2@a.test>\r\n", "2@a.test", "Hi"),
        ("--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: Hi\r\n\r\nx\r\n",
         "reply@a.test", "Hi"),
    ],
)  # fmt: skip
def test_the_original_of_a_report(enclosed: str, message_id: str, subject: str) -> None:
    octets = REPORT.format(enclosed).encode()
    found = originals.original(Reading(octets, structure.parse(octets)))
    assert (found.message_id, found.subject) == (message_id, subject)
