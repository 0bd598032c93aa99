"""From a message's 250 to the answer of whoever waits for it, on an idle server."""

from __future__ import annotations

import json
import smtplib
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from bench.servers import serving
from bench.table import Row, p95
from tests.running import Mailsink

_TIMES = 200
_PAUSE = 0.1  # seconds until the next one waits, and the server rests

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
    """Wait for a word of the body, again and again; the answer has to know it all."""
    with serving() as mailsink, smtplib.SMTP(*mailsink.smtp) as client:
        took = [_once(mailsink, client, number) for number in range(_TIMES)]
    return [Row("250 to the answer of `messages/wait`, p95", p95(took), "100 ms")]


def _once(mailsink: Mailsink, client: smtplib.SMTP, number: int) -> float:
    """Return the seconds from the 250 until the answer was there, whole."""
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
