"""API v3: the checks of a mail."""

from __future__ import annotations

from inbox.api.v3.checks import Checks
from inbox.checks.caniemail import CLIENTS
from tests import factories
from tests.api.conftest import Api

HTML = (
    b"From: shop@shop.com\r\nSubject: Hello {{ name }}\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html\r\n\r\n<p style='display:flex'>Hi</p>\r\n"
)


def test_checks(api: Api) -> None:
    message = factories.message(HTML)
    found = api("GET", f"messages/{message.pk}/checks")
    Checks.model_validate(found)
    first = found["items"][0]
    assert (first["kind"], first["severity"], first["group"]) == (
        "placeholder",
        "error",
        "content",
    )
    assert first["places"] == [
        {"place": "Subject", "line": None, "snippet": "{{ name }}", "words": ""}
    ]
    assert found["count"] == sum(each["severity"] != "info" for each in found["items"])
    assert (found["read"], found["length"], found["css_cut"]) == (31, 31, False)
    features = {each["feature"]: each for each in found["support"]["features"]}
    flex = features["css-display-flex"]
    assert (flex["count"], flex["line"]) == (1, 1)
    assert "Outlook (Windows)" in {each["client"] for each in flex["lacking"]}
    programs = {each["client"]: each for each in found["support"]["clients"]}
    assert programs.keys() == set(CLIENTS)
    assert "css-display-flex" in programs["Outlook (Windows)"]["lacking"]


def test_plain_mail_has_no_features(api: Api) -> None:
    found = api("GET", f"messages/{factories.message().pk}/checks")
    Checks.model_validate(found)
    assert found["support"]["features"] == []
    assert found["length"] == 0


def test_no_message(api: Api) -> None:
    api("GET", "messages/00000000-0000-0000-0000-000000000000/checks", status=404)
