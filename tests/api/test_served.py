"""API v3 and the live feed of a running server, from SMTP to the answer."""

from __future__ import annotations

import json
import smtplib
import time
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from tests.running import Mailsink


def ask(server: Mailsink, path: str, method: str = "GET") -> Any:
    request = Request(f"{server.url}/api/v3/{path}", method=method)
    with urlopen(request, timeout=150) as response:
        return json.loads(response.read() or "null")


def send(server: Mailsink, to: str, subject: str) -> None:
    with smtplib.SMTP(*server.smtp) as smtp:
        body = f"From: ann@example.com\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nHi.\r\n"
        smtp.sendmail("ann@example.com", [to], body)


def held(server: Mailsink, subject: str) -> tuple[Any, float]:
    """Wait for a message and send it; return the answer, and seconds from one to other."""
    q = quote(f'to:held@example.com subject:"{subject}"')
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(ask, server, f"messages/wait?q={q}&timeout=120")
        send(server, "held@example.com", "Another")
        send(server, "held@example.com", subject)
        sent = time.monotonic()
        return waiting.result(), time.monotonic() - sent


def test_a_held_request_is_answered_by_what_arrives(mailsink: Mailsink) -> None:
    page, seconds = held(mailsink, "Your code")
    assert [each["subject"] for each in page["items"]] == ["Your code"]
    # It looks every two seconds where it hears nothing; a busy machine takes its time.
    late = (f"Your code {number}" for number in range(5))
    assert seconds < 1.5 or any(held(mailsink, each)[1] < 1.5 for each in late)
    one = ask(mailsink, f"messages/{page['items'][0]['id']}")
    session = ask(mailsink, f"sessions/{one['session']}")
    verbs = [each["verb"] for each in session["exchanges"] if each["verb"]]
    assert verbs[-1] == "QUIT"
    assert {"EHLO", "MAIL", "RCPT", "DATA"} <= set(verbs)
    info = ask(mailsink, "info")
    assert info["smtp"] == ["{}:{}".format(*mailsink.smtp)]
    assert info["last_connection"]["client_address"] == "127.0.0.1"


@pytest.mark.parametrize("q", ["{}", "has:attachment+to:{}", "to:{}+subject:file"])
def test_the_answer_tells_what_the_message_holds(mailsink: Mailsink, q: str) -> None:
    word = f"wombat{abs(hash(q))}"
    mail = EmailMessage()
    mail["From"], mail["To"] = "ann@example.com", f"{word}@example.com"
    mail["Subject"] = "With a file"
    mail.set_content(f"This mentions {word}.")
    mail.add_attachment(b"%PDF", "application", "pdf", filename="invoice.pdf")
    with ThreadPoolExecutor() as threads:
        path = f"messages/wait?q={q.format(word)}&timeout=120"
        waiting = threads.submit(ask, mailsink, path)
        with smtplib.SMTP(*mailsink.smtp) as smtp:
            smtp.send_message(mail)
        [item] = waiting.result()["items"]
    assert item["attachments"] == 1
    assert item["snippet"] == f"This mentions {word}."
    assert len(ask(mailsink, f"messages?q={word}")["items"]) == 1


def test_time_out_says_what_nearly_came(mailsink: Mailsink) -> None:
    send(mailsink, "near@example.com", "Almost")
    with pytest.raises(HTTPError) as caught:
        ask(mailsink, "messages/wait?q=to:near@example.com+subject:it&timeout=0.1")
    assert caught.value.code == 408
    problem = json.loads(caught.value.read())
    assert problem["near_misses"][0]["failed"] == ["subject:it"]


def next_subject(stream: Any) -> tuple[str, str]:
    """Return the id and the subject of the next event of a message that arrived."""
    fields: dict[str, str] = {}
    while fields.get("event") != "message.created":
        fields = {}
        while line := stream.readline().decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
    return fields["id"], json.loads(fields["data"])["subject"]


def test_events_are_streamed(mailsink: Mailsink) -> None:
    """What happens while nobody listens follows once somebody does again."""
    url = f"{mailsink.url}/api/v3/events?to=messages"
    with urlopen(url, timeout=120) as stream:
        assert stream.readline().startswith(b"retry: ")
        send(mailsink, "events@example.com", "Event 1")
        last, subject = next_subject(stream)
        assert subject == "Event 1"
    send(mailsink, "events@example.com", "Event 2")
    again = Request(url, headers={"Last-Event-ID": last})
    with urlopen(again, timeout=120) as stream:
        assert next_subject(stream)[1] == "Event 2"
    with urlopen(Request(url, method="HEAD"), timeout=120) as head:
        assert head.headers["Content-Type"] == "text/event-stream"
