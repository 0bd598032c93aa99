"""The time from a message's 250 to the answer for one waiting client, or many."""

from __future__ import annotations

import json
import smtplib
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from selectors import EVENT_READ, DefaultSelector

from bench.servers import serving, until_idle
from bench.table import Row, p95
from tests.attack.web import many, web
from tests.running import Mailsink

_TIMES = 200
_PAUSE = 0.1  # seconds until the next wait begins, and the server is idle

_MAIL = """From: Shop <orders@shop.test>
To: Ann <ann@example.com>
Subject: Your order
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b

Your code is word{number}.
--b
Content-Type: application/pdf; name=invoice.pdf
Content-Disposition: attachment

%PDF
--b--
"""


def measure() -> list[Row]:
    """Wait for a word of the body, several times; the answer must be complete."""
    with serving() as mailsink, smtplib.SMTP(*mailsink.smtp) as client:
        took = [_once(mailsink, client, number) for number in range(_TIMES)]
    alone = Row("250 to the answer of `messages/wait`, p95", p95(took), "100 ms")
    return [alone, *measure_crowd()]


_CROWD = 500
_RATE = 200  # messages a second


def measure_crowd() -> list[Row]:
    """Let many clients wait for mail to their own addresses; none may get another's."""
    addresses = [f"own{number}@example.com" for number in range(_CROWD)]
    asked = [
        f"GET /api/v3/messages/wait?q=to:{each}&timeout=300 HTTP/1.0\r\nHost: localhost\r\n\r\n".encode()
        for each in addresses
    ]
    with (
        serving() as mailsink,
        many(web(mailsink), asked) as them,
        ThreadPoolExecutor(1) as pool,
    ):
        until_idle(mailsink)  # it has received all waiting requests
        sending = pool.submit(_send_all, mailsink, addresses)
        answered: dict[str, float] = {}
        with DefaultSelector() as selector:
            texts = dict.fromkeys(addresses, b"")
            for address, each in zip(addresses, them, strict=True):
                selector.register(each, EVENT_READ, address)
            while selector.get_map():
                for key, _ in selector.select():
                    octets = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                    texts[key.data] += octets
                    if not octets:
                        answered[key.data] = time.perf_counter()
                        selector.unregister(key.fileobj)
        kept = sending.result()
    for address, text in texts.items():
        (message,) = json.loads(text.partition(b"\r\n\r\n")[2])["items"]
        if message["subject"] != address:
            sys.exit(f"bench: who waited for {address} got {message['subject']}")
    took = [max(0.0, answered[each] - kept[each]) for each in addresses]
    name = f"the same of {_CROWD} who wait, {_RATE} messages/s, p95"
    return [Row(name, p95(took), "100 ms")]


def _send_all(mailsink: Mailsink, addresses: list[str]) -> dict[str, float]:
    """Send a message to each address; return the time of each 250."""
    kept = {}
    began = time.perf_counter()
    with smtplib.SMTP(*mailsink.smtp) as client:
        for number, address in enumerate(addresses):
            time.sleep(max(0.0, began + number / _RATE - time.perf_counter()))
            mail = f"Subject: {address}\r\nTo: {address}\r\n\r\n1"
            client.sendmail("a@shop.test", [address], mail)
            kept[address] = time.perf_counter()
    return kept


def _once(mailsink: Mailsink, client: smtplib.SMTP, number: int) -> float:
    """Return the seconds from the 250 until the whole answer has arrived."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            _wait, f"{mailsink.url}/api/v3/messages/wait?q=word{number}"
        )
        time.sleep(_PAUSE)
        client.sendmail("a@example.com", ["b@example.com"], _MAIL.format(number=number))
        kept = time.perf_counter()
        answered, (message,) = waiting.result()
    if (message["attachments"], message["snippet"]) != (
        1,
        f"Your code is word{number}.",
    ):
        sys.exit(f"bench: the answer does not know the message: {message}")
    return max(0.0, answered - kept)


def _wait(url: str) -> tuple[float, list[dict[str, object]]]:
    with urllib.request.urlopen(f"{url}&timeout=20") as answer:
        octets = answer.read()
    return time.perf_counter(), json.loads(octets)["items"]
