"""Unsubscribing by one click: the request goes where it may, is kept, and happens by itself never."""

from __future__ import annotations

import errno
import ipaddress
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from inbox.mailbox import purge
from inbox.models import Message, Unsubscription
from inbox.outgoing import switch
from tests import factories

pytestmark = pytest.mark.django_db

POST = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


class _Shop(BaseHTTPRequestHandler):
    """Unsubscribes; its path says how it answers."""

    asked: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, dict(self.headers), body))
        self.send_response(302 if "moved" in self.path else 200)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(b"You are unsubscribed.")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[ThreadingHTTPServer]:
    _Shop.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine may be asked."""
    config = settings.CONFIG
    fields = {name: getattr(config, name) for name in config.__slots__}
    networks = (ipaddress.ip_network("127.0.0.0/8"),)
    allowing = type(config)(**fields | {"unsubscribe_private": networks})
    monkeypatch.setattr(settings, "CONFIG", allowing)


def newsletter(url: str, more: str = POST) -> Message:
    head = f"From: shop@shop.example\r\nList-Unsubscribe: <{url}>\r\n{more}"
    return factories.message(body=f"{head}\r\nBuy!\r\n".encode())


def url_of(shop: ThreadingHTTPServer, path: str = "/u?id=1") -> str:
    return f"http://127.0.0.1:{shop.server_port}{path}"


def ask(message: Message, client: Client) -> tuple[int, Any]:
    answer = client.post(f"/api/v3/messages/{message.pk}/unsubscribe")
    return answer.status_code, answer.json()


@pytest.mark.usefixtures("allowed")
def test_a_request_that_cannot_be_kept_is_not_sent_again(
    client: Client, shop: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk has other views done once more, while nobody else may write."""

    def save(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Unsubscription, "save", save)
    status, answer = ask(newsletter(url_of(shop)), client)
    assert (status, len(_Shop.asked)) == (507, 1)
    assert "was sent, and is not kept" in answer["detail"]


@pytest.mark.usefixtures("allowed")
def test_the_request_and_its_answer_are_kept(
    client: Client, shop: ThreadingHTTPServer
) -> None:
    message = newsletter(url_of(shop))
    assert client.get(f"/messages/{message.pk}").status_code == 200
    assert not _Shop.asked  # looking at it sends nothing
    status, made = ask(message, client)
    assert (status, made["code"], made["answer"]) == (201, 200, "You are unsubscribed.")
    ((path, headers, body),) = _Shop.asked
    assert (path, body) == ("/u?id=1", b"List-Unsubscribe=One-Click")
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Cookie" not in headers
    assert made["request"].startswith("POST /u?id=1 HTTP/1.1\nHost: 127.0.0.1:")
    assert made["request"].endswith("\n\nList-Unsubscribe=One-Click")
    told = client.get(f"/api/v3/messages/{message.pk}/unsubscribe").json()
    assert told["requests"] == [made]


@pytest.mark.usefixtures("allowed")
def test_a_redirect_is_not_followed(client: Client, shop: ThreadingHTTPServer) -> None:
    assert ask(newsletter(url_of(shop, "/moved")), client)[1]["code"] == 302
    assert len(_Shop.asked) == 1


@pytest.mark.usefixtures("allowed")
def test_from_the_page(client: Client, shop: ThreadingHTTPServer) -> None:
    message = newsletter(url_of(shop))
    page = client.get(f"/messages/{message.pk}").content.decode()
    assert f'action="/messages/{message.pk}/unsubscribe"' in page
    answer = client.post(f"/messages/{message.pk}/unsubscribe", follow=True)
    assert "The server answered 200." in answer.content.decode()
    assert "You are unsubscribed." in answer.content.decode()


@pytest.mark.usefixtures("allowed")
def test_no_more_than_some(
    client: Client, shop: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inbox.outgoing.unsubscribing.MOST", 1)
    message = newsletter(url_of(shop))
    assert [ask(message, client)[0] for _ in range(2)] == [201, 409]


def test_no_private_address_is_asked(client: Client, shop: ThreadingHTTPServer) -> None:
    secure = url_of(shop).replace("http:", "https:")
    status, made = ask(newsletter(secure), client)
    assert (status, made["code"]) == (201, None)
    assert "loopback address, which is not allowed" in made["answer"]
    assert not _Shop.asked


@pytest.mark.parametrize(
    ("url", "more", "why"),
    [
        ("http://shop.example/u", POST, "does not offer"),
        ("https://shop.example/u", "", "does not offer"),
        ("https://shop.example/u", POST.replace("One", "Two"), "does not offer"),
        ("mailto:u@shop.example", POST, "no web address"),
        ("https://ann:secret@shop.example/u", POST, "malformed"),
        ("https://shop.example/ü", POST, "malformed"),
        ("https://shop.example/a\\b", POST, "malformed"),
    ],
)
def test_what_is_refused(client: Client, url: str, more: str, why: str) -> None:
    status, told = ask(newsletter(url, more), client)
    assert status == 409
    assert why in told["detail"]
    assert not Unsubscription.objects.exists()


def test_nothing_goes_out_where_that_is_off(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch, "_is_on", False)
    status, told = ask(newsletter("https://shop.example/u"), client)
    assert (status, "MAILSINK_OUTGOING" in told["detail"]) == (409, True)


def test_faults_are_named(client: Client) -> None:
    signed = (
        "DKIM-Signature: v=1; h=from:list-unsubscribe:List-Unsubscribe-Post; b=x\r\n"
    )
    good = newsletter("https://shop.example/u", POST + signed)
    bad = newsletter("http://shop.example/u", "List-Unsubscribe: <https:>\r\n")
    path = "/api/v3/messages/{}/unsubscribe"
    told = client.get(path.format(good.pk)).json()
    assert (told["faults"], told["refusal"], told["one_click"]) == ([], "", True)
    faults = client.get(path.format(bad.pk)).json()["faults"]
    for words in ("no https:", "no List-Unsubscribe-Post", "more than one", "No DKIM"):
        assert sum(words in each for each in faults) == 1
    assert client.get(path.format(factories.message().pk)).json()["faults"] == []


@pytest.mark.usefixtures("allowed")
def test_requests_go_with_their_message(
    client: Client, shop: ThreadingHTTPServer
) -> None:
    message = newsletter(url_of(shop))
    ask(message, client)
    purge.purge(Message.objects.filter(pk=message.pk), "retention")
    assert not Unsubscription.objects.exists()
