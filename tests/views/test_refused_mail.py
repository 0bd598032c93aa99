"""The page of a message that strict mode refused, and the header that counts errors."""

from __future__ import annotations

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from inbox.models import Exchange, Transaction
from tests import factories
from tests.factories import recorded_message, recorded_transaction
from tests.insight.test_mail_faults import FAULTY, GOOD

pytestmark = pytest.mark.django_db(transaction=True)

BAD = FAULTY["repeated_field"].replace(b"Hi.", b"Hi {{ name }} and {{ other }}.")
REPLY = "554 5.6.0 Strict mode: A header field is there twice"


def refused(octets: bytes, rule: str) -> Transaction:
    made = recorded_transaction(octets, "rejected", 554, REPLY)
    lines = Exchange.objects.filter(session_id=made.session_id, code=554)
    assert lines.update(rule=rule) == 1
    return made


def shown(client: Client, made: Transaction) -> list[str]:
    answer = client.get(f"/transactions/{made.pk}")
    assert answer.status_code == 200
    html = LexborHTMLParser(answer.content.decode())
    return [each.text(strip=True) for each in html.css(".faults h3 code")]


def test_the_errors_come_first_with_their_fix(client: Client) -> None:
    made = refused(BAD, "strict mode of inbox default")
    assert shown(client, made) == ["repeated_field", "placeholder"]
    text = client.get(f"/transactions/{made.pk}").content.decode()
    assert "Set the field once" in text
    assert text.index('class="faults"') < text.index('role="tablist"')


def test_what_a_rule_refused_shows_none(client: Client) -> None:
    assert shown(client, refused(BAD, "#1 by hand")) == []


def test_what_is_allowed_by_now_is_not_shown(client: Client) -> None:
    inbox = factories.inbox()
    inbox.strict_ignored = ["placeholder"]
    inbox.save()
    made = refused(BAD, "strict mode of inbox default")
    assert shown(client, made) == ["repeated_field"]


@pytest.mark.parametrize(
    ("mode", "octets", "header"),
    [
        ("off", BAD, None),
        ("report", BAD, "3;repeated_field=1;placeholder=2"),
        ("error", BAD, "3;repeated_field=1;placeholder=2"),
        ("report", GOOD, "0"),
    ],
)
def test_the_api_counts_errors(
    client: Client, mode: str, octets: bytes, header: str | None
) -> None:
    message = recorded_message(octets)
    message.inbox.strict = mode
    message.inbox.save()
    answer = client.get(f"/api/v3/messages/{message.pk}")
    assert answer.status_code == 200
    assert answer.headers.get("Mailsink-Errors") == header
