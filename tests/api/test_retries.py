"""Retry reports, as API v3 and the pages show them."""

from __future__ import annotations

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from inbox.api.v3 import retries
from inbox.mailbox.scope import ALL
from inbox.models import Rule
from inbox.rules import scenarios
from tests import factories
from tests.api.conftest import Api
from tests.insight.test_attempts import START
from tests.insight.test_retries import acted_on, refused, unheard

pytestmark = pytest.mark.django_db

WORDS = (
    "Lost: your application never tried again after 451 4.7.1; rspamd asks for hours."
)


def test_a_message(api: Api, client: Client) -> None:
    made = unheard(0)
    found = api("GET", f"transactions/{made.pk}/retries?over=true")
    assert retries.RetryReportObject.model_validate(found)
    assert (found["verdict"], found["over"], found["copies"]) == ("delivered", True, 1)
    assert found["attempts"][0]["unheard"] is True
    assert (
        found["attempts"][0]["asked"]["words"] == "a temporary failure asks for hours"
    )
    message = api("GET", "messages/latest")["id"]
    assert api("GET", f"messages/{message}/retries?over=1") == found
    html = client.get(f"/transactions/{made.pk}/retries").content.decode()
    assert "the connection was lost before the 250" in html
    assert "stored, but the connection was lost before the reply" in html


def test_one_that_is_not_over(api: Api) -> None:
    made = refused(0, "451 4.7.1 Try again later")
    Rule.objects.all().delete()
    found = api("GET", f"transactions/{made.pk}/retries")
    assert found["sentence"] == WORDS  # it is long ago
    assert (found["over"], found["awaited_until"]) == (True, None)


def test_a_scenario(api: Api, client: Client) -> None:
    factories.inbox()
    path = "/rules/scenarios/greylisting/report"
    off = api("GET", path[1:])
    assert retries.ScenarioReportObject.model_validate(off)
    assert (off["on"], off["speed"], off["items"]) == (False, None, [])
    assert "This scenario is off." in client.get(path).content.decode()
    (rule,) = scenarios.switch_on(ALL, "default", "greylisting", 60)
    assert "No message has met" in client.get(path).content.decode()
    Rule.objects.update(created_at=START)
    acted_on(refused(0, "451 4.7.1 Try again later"), rule)
    found = api("GET", f"{path[1:]}?over=true")
    assert (found["on"], found["speed"], found["counts"]) == (True, 60, {"lost": 1})
    assert [each["sentence"] for each in found["items"]] == [WORDS]
    html = LexborHTMLParser(client.get(path).content.decode())
    assert html.css_first(".verdict").text(strip=True).endswith(WORDS)
    assert html.css_first(".numbers").text(strip=True) == "1 lost"
    assert "at speed" in html.css_first(".retries section").text()
    rules = LexborHTMLParser(client.get("/rules").content.decode())
    link = rules.css_first("#scenario-greylisting a")
    assert link.attributes["href"] == path


def test_links_to_the_report(client: Client) -> None:
    made = refused(0, "451 4.7.1 Try again later", to=("ann@example.com",))
    again = refused(60, "451 4.7.1 Try again later", to=("ann@example.com",))
    for path in (f"/transactions/{made.pk}/attempts", "/trace?address=ann@example.com"):
        html = LexborHTMLParser(client.get(path).content.decode())
        found = {each.attributes.get("href") for each in html.css("a")}
        assert f"/transactions/{again.pk}/retries" in found


def test_what_is_not_there(api: Api, client: Client) -> None:
    api("GET", "messages/latest/retries", status=404)
    api("GET", "transactions/nothing/retries", status=404)
    api("GET", "rules/scenarios/none/report", status=404)
    assert client.get("/rules/scenarios/none/report").status_code == 404
    missing = "/transactions/01a22870-2416-78f7-855c-5e53b0d404e0/retries"
    assert client.get(missing).status_code == 404
