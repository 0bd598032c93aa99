"""The mail in the old data folder, by its number: what each message is, and what people did to it."""

from __future__ import annotations

MESSAGES = 5000
PER_SESSION = 5
OTHER_RECIPIENTS = ("hidden@example.com", "nobody@example.com")
LISTENER_KINDS = ("smtp", "smtps", "submission", "lmtp")  # of the sessions, in turns


def listener_kind(number: int) -> str:
    """Return by which kind of listener its session came."""
    return LISTENER_KINDS[number // PER_SESSION % len(LISTENER_KINDS)]


def client_port(session: int) -> int:
    return 40_000 + session


def helo(number: int) -> str:
    """Return the name by which its client introduced itself."""
    return f"app{number // PER_SESSION}.shop.test"


def inbox(number: int) -> str:
    """Return the slug of its inbox."""
    return "audit" if number // PER_SESSION % 10 == 9 else "default"


def code(number: int) -> str:
    """Return a word that no other message has."""
    return f"{100_000 + number}"


def subject(number: int) -> str:
    return f"Rechnung {number} für Zoë"


def sender(number: int) -> str:
    return f"shop{number % 50}@shop.test"


def recipient(number: int) -> str:
    return f"user{number % 500}@example.com"


def text(number: int) -> str:
    return f"Your order order{number} was shipped. Code {code(number)}."


def tags(number: int) -> list[str]:
    return ["red", f"run-{number % 4}"] if number % 10 == 2 else []


def note(number: int) -> str:
    return f"Look at {number}" if number % 30 == 4 else ""


def status(number: int) -> str:
    return ("new", "ok", "bug")[number % 11 % 3]


def is_read(number: int) -> bool:
    return number % 2 == 1


def is_pinned(number: int) -> bool:
    return number % 500 == 1


def is_deleted(number: int) -> bool:
    return number % 100 == 41


def is_indexed(number: int) -> bool:
    return number % 250 != 7


def has_full_text(number: int) -> bool:
    """Whether it was indexed when there was a full text already."""
    return is_indexed(number) and number % 50 != 9


def has_file(number: int) -> bool:
    return number % 9 == 0


def body(number: int) -> bytes:
    """Return its octets; every third message has HTML, every ninth a file too."""
    head = (
        f"From: Shop {number % 50} <{sender(number)}>\r\n"
        f"To: Ann <{recipient(number)}>\r\nCc: bob@example.com\r\n"
        f"Subject: {subject(number)}\r\nMessage-ID: <{number}@shop.test>\r\n"
        "Date: Sun, 22 Nov 2026 10:00:00 +0100\r\n"
    )
    if number % 3:
        return f"{head}\r\n{text(number)}\r\n{'Thanks. ' * (number % 7)}\r\n".encode()
    html = f"<h1>{text(number)}</h1>" + "<p>.</p>" * 200
    parts = [
        f"Content-Type: text/plain\r\n\r\n{text(number)}",
        f"Content-Type: text/html\r\n\r\n{html}",
    ]
    if has_file(number):
        parts.append("Content-Disposition: attachment; filename=bill.pdf\r\n\r\n%PDF")
    joined = "".join(f"--b\r\n{each}\r\n" for each in parts)
    declared = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    return f"{head}{declared}\r\n{joined}--b--\r\n".encode()


def indexed_words(number: int) -> tuple[str, str, str, str]:
    """Return the tokens of its subject, sender, recipients and body, as the index had them."""
    return (
        f"rechnung {number} fur zoe",
        f"shop {number % 50} shop{number % 50} shop test",
        f"ann user{number % 500} example com bob hidden example com",
        f"{number} shop test your order order{number} was shipped code {code(number)}",
    )
