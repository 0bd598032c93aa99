"""API v3: what is read out of a message: codes, actions, links; and remote hosts."""

from __future__ import annotations

import pytest

from inbox.api.v3 import schemas
from tests import factories
from tests.api.conftest import Api

pytestmark = pytest.mark.django_db
HTML = (
    b"Subject: Your code is 481204\r\nContent-Type: text/html\r\n\r\n"
    b'<a href="https://a.test/confirm?token=9f8e7d6c5b4a3210">Confirm</a>'
    b'<img src="http://localhost/x.png"><img src="http://localhost/x.png">'
)


def test_codes_actions_and_links(api: Api) -> None:
    factories.message(HTML)
    told = api("GET", "messages/latest")
    schemas.MessageDetail.model_validate(told)
    assert told["codes"] == ["481204"]
    assert [each["kind"] for each in told["actions"]] == ["confirm"]
    found = api("GET", "messages/latest/links")["items"]
    for each in found:
        schemas.Reference.model_validate(each)
    assert [(each["host"], each["count"]) for each in found] == [
        ("a.test", 1),
        ("localhost", 2),
    ]
    assert found[1]["remarks"] == [
        "is not encrypted (http)", "is on the sender's own machine or network",
        "has no alternative text",
    ]  # fmt: skip


def test_remote_hosts(api: Api) -> None:
    path = "inboxes/default/remote-hosts"
    assert api("POST", path, {"host": "CDN.test"}, status=201) == {"host": "cdn.test"}
    assert api("GET", path)["items"] == [{"host": "cdn.test"}]
    assert (
        "is not a host name" in api("POST", path, {"host": "*"}, status=422)["detail"]
    )
    api("DELETE", f"{path}/cdn.test", status=204)
    api("DELETE", f"{path}/cdn.test", status=404)
    assert api("GET", path)["items"] == []


def test_large_bodies_are_cut_in_json_and_whole_by_themselves(api: Api) -> None:
    most = 1024 * 1024
    factories.message(b"Content-Type: text/html\r\n\r\n<p>" + b"word " * 300_000)
    told = api("GET", "messages/latest")
    schemas.MessageDetail.model_validate(told)
    assert told["truncated"] == ["html", "text"]
    assert (len(told["html"]), len(told["text"])) == (most, most)
    whole = api.client.get("/api/v3/messages/latest/html").content
    assert len(whole) == len("<p>") + 5 * 300_000


def test_bodies_that_fit_are_whole(api: Api) -> None:
    factories.message(b"\r\n" + b"x" * 1024 * 1024)
    told = api("GET", "messages/latest")
    assert (told["truncated"], len(told["text"])) == ([], 1024 * 1024)
