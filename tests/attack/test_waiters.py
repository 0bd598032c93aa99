"""Thousands who wait for mail: it comes as if they were not there, and each is answered."""

from __future__ import annotations

import json
import select
import smtplib
import socket
import time

import pytest

from tests.attack.web import LONGEST, Others, many, web
from tests.running import DESCRIPTORS, Mailsink

_ALIKE, _DISTINCT = 2970, 30  # who wait for the same, and each for its own


def request(q: str) -> bytes:
    return (
        f"GET /api/v3/messages/wait?q={q}&timeout=300 HTTP/1.0\r\n"
        "Host: localhost\r\n\r\n"
    ).encode()


@pytest.mark.long
@pytest.mark.usefixtures("thousands_of_clients")
def test_three_thousand_waiters_are_answered_and_hold_up_nobody(
    mailsink: Mailsink,
) -> None:
    words = [f"word{number}" for number in range(_DISTINCT)]
    wanted = [*["everybody"] * _ALIKE, *words]
    with many(web(mailsink), map(request, wanted)) as them, Others(mailsink) as others:
        with smtplib.SMTP(*mailsink.smtp, timeout=120) as client:
            body = "\r\n".join(["Subject: for everybody", "", *words, ""])
            client.sendmail("a@shop.test", ["b@example.com"], body)
        answers = all_answers(them)
    assert len(answers) == len(wanted)
    assert {octets.split(b" ")[1] for octets in answers} == _expected()
    refused = [octets for octets in answers if octets.split(b" ")[1] == b"503"]
    assert all(b"\r\nRetry-After: " in octets for octets in refused)
    longest = sorted(others.waits)[-10:]
    assert longest[-1] < LONGEST, longest


_OWN = 150  # `make bench` has 500
_RATE = 200  # messages a second


@pytest.mark.usefixtures("thousands_of_clients")
def test_each_of_many_gets_its_own(mailsink: Mailsink) -> None:
    """However their mail is mixed: no answer has another's message, and none is missing."""
    addresses = [f"own{number}@example.com" for number in range(_OWN)]
    wanted = [f"to:{each}" for each in addresses]
    with (
        many(web(mailsink), map(request, wanted)) as them,
        smtplib.SMTP(*mailsink.smtp, timeout=120) as client,
    ):
        began = time.monotonic()
        for number, address in enumerate(reversed(addresses)):
            early = began + number / _RATE - time.monotonic()
            if early > 0:
                time.sleep(early)  # the rate is what is tried here
            body = f"Subject: for {address}\r\nTo: {address}\r\n\r\n1"
            client.sendmail("a@shop.test", [address], body)
        answers = all_answers(them)
    got = [octets.partition(b"\r\n\r\n")[2] for octets in answers]
    served = [json.loads(each) for each in got if each.startswith(b'{"items"')]
    subjects = [[one["subject"] for one in each["items"]] for each in served]
    own = [[f"for {each}"] for each in addresses]
    if _expected() == {b"200"}:
        assert subjects == own
    else:  # with few descriptors some get 503
        assert all(each in own for each in subjects)


def _expected() -> set[bytes]:
    """All are answered with mail; a server with fewer descriptors says 503 to some."""
    few = 0 < DESCRIPTORS < _ALIKE + _DISTINCT
    return {b"200", b"503"} if few else {b"200"}


def all_answers(clients: list[socket.socket]) -> list[bytes]:
    """Return what clients are answered, once the last connection is closed."""
    poll = select.poll()
    answers = {each.fileno(): b"" for each in clients}
    by_number = {each.fileno(): each for each in clients}
    for number in by_number:
        poll.register(number, select.POLLIN)
    while by_number:
        ready = poll.poll(120_000)
        assert ready, f"{len(by_number)} are not answered"
        for number, _ in ready:
            octets = by_number[number].recv(64 * 1024)
            answers[number] += octets
            if not octets:
                poll.unregister(number)
                del by_number[number]
    return list(answers.values())
