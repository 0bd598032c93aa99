"""Who may ask what: Host, Origin and Sec-Fetch-Site, without a server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailsink.web.request_rules import RequestHead, Rules

RULES = Rules(allowed_hosts=(), hostname="build-7", public_url="")
LISTED = replace(RULES, allowed_hosts=("mail.example", "*.test", ".dev", "::1"))
PUBLIC = replace(RULES, public_url="https://mail.example/sink")


def request(method: str = "GET", **parts: str) -> RequestHead:
    empty = RequestHead(method, "http", "/", "localhost:8025", "", "", "", "")
    return replace(empty, **parts)


def status(request: RequestHead, rules: Rules = RULES) -> int:
    """Return the status of the refusal, 0 for none."""
    refusal = rules.judge(request)
    return refusal.status if refusal else 0


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8025", "localhost.:1", "a.b.localhost:8025", "127.0.0.1",
     "192.168.1.9:8025", "[::1]:8025", "[fe80::1]", "build-7:8025", "Build-7", ""],
)  # fmt: skip
def test_our_hosts_are_let_in(host: str) -> None:
    assert status(request(host=host)) == 0


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example:8025", "evil-localhost", "127.0.0.1.nip.io",
     "localhost:8025,evil.example", "localhost/", "user@localhost", "[::1", "::1",
     "localhost:", "localhost:123456", "[v1.x]", "1.2.3.4.5", "localhost\x00"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "WEBSOCKET"])
def test_foreign_hosts_are_refused_by_name(host: str, method: str) -> None:
    refusal = RULES.judge(request(method, host=host))
    assert refusal is not None
    assert refusal.status == 400
    assert "MAILSINK_ALLOWED_HOSTS" in refusal.detail
    assert repr(host) in refusal.detail


@pytest.mark.parametrize(
    ("method", "agent", "webhook_id", "expected"),
    [
        ("POST", "Mailsink/0.1", "id", 403),
        ("DELETE", "Mailsink/0.1", "id", 403),
        ("GET", "Mailsink/0.1", "id", 0),
        ("POST", "Mailsink/0.1", "", 0),
        ("POST", "Other/1", "id", 0),
    ],
)
def test_a_call_of_a_webhook_of_mailsink_changes_nothing(
    method: str, agent: str, webhook_id: str, expected: int
) -> None:
    head = request(method, user_agent=agent, webhook_id=webhook_id)
    assert status(head) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("mail.example:8025", 0),
        ("a.b.test", 0),
        ("a.dev", 0),
        ("test", 400),
        ("eviltest", 400),
        ("sub.mail.example", 400),
        ("localhost", 400),
        ("127.0.0.1", 400),
    ],
)
def test_allowed_hosts_take_the_place_of_the_usual_ones(
    host: str, expected: int
) -> None:
    assert status(request(host=host), LISTED) == expected


def test_a_star_lets_every_host_in() -> None:
    assert (
        status(request(host="any.example"), replace(RULES, allowed_hosts=("*",))) == 0
    )


def test_the_public_url_is_ours() -> None:
    assert status(request(host="mail.example"), PUBLIC) == 0
    assert (
        status(request(host="mail.example"), replace(PUBLIC, allowed_hosts=("x",))) == 0
    )
    public = request("POST", host="mail.example", origin="https://mail.example")
    assert status(public, PUBLIC) == 0
    assert status(replace(public, origin="http://mail.example"), PUBLIC) == 0
    assert status(replace(public, origin="https://mail.example:444"), PUBLIC) == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "WEBSOCKET", "X"])
@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("", 0),
        ("http://localhost:8025", 0),
        ("http://localhost:3000", 403),
        ("http://localhost", 403),
        ("https://localhost:8025", 403),
        ("http://127.0.0.1:8025", 403),
        ("https://evil.example", 403),
        ("null", 403),
    ],
)
def test_a_change_needs_our_own_origin_or_none(
    method: str, origin: str, expected: int
) -> None:
    assert status(request(method, origin=origin)) == expected


@pytest.mark.parametrize("method", ["POST", "DELETE", "WEBSOCKET"])
@pytest.mark.parametrize(
    ("site", "expected"),
    [("same-origin", 0), ("none", 0), ("same-site", 0), ("cross-site", 403)],
)
def test_a_change_never_comes_from_another_site(
    method: str, site: str, expected: int
) -> None:
    navigation = {"fetch_mode": "navigate", "fetch_dest": "document"}
    assert status(request(method, fetch_site=site)) == expected
    assert status(request(method, fetch_site=site, **navigation)) == expected


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("mode", "dest", "expected"),
    [
        ("navigate", "document", 0),
        ("navigate", "iframe", 403),
        ("navigate", "object", 403),
        ("no-cors", "image", 403),
        ("no-cors", "script", 403),
        ("cors", "empty", 403),
        ("no-cors", "empty", 403),
        ("", "", 403),
    ],
)
def test_another_page_may_link_here_but_not_read(
    mode: str, dest: str, expected: int, site: str
) -> None:
    asked = request(fetch_site=site, fetch_mode=mode, fetch_dest=dest)
    assert status(asked) == expected
    assert status(replace(asked, path="/api/v3/messages")) == expected
    ours = replace(asked, fetch_site="same-origin", path="/static/app.js")
    assert status(ours) == 0


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/messages/0198/parts/2:signed", 0),
        ("/messages/0198/parts/", 403),
        ("/messages/0198/raw", 403),
        ("/api/v3/messages/0198/parts/1", 403),
        ("/messages/a/b/parts/2", 403),
        ("/x/messages/0198/parts/2", 403),
    ],
)
def test_the_sandboxed_frame_gets_the_parts_of_its_message(
    path: str, expected: int
) -> None:
    image = {"fetch_mode": "no-cors", "fetch_dest": "image"}
    assert status(request(path=path, fetch_site="cross-site", **image)) == expected
    assert status(request("POST", path=path, fetch_site="cross-site", **image)) == 403


@pytest.mark.parametrize(
    "path", ["/api/v1", "/api/v1/message/latest/link-check", "/api/v2/messages"]
)
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_other_page_leads_to_a_dialect(path: str, site: str) -> None:
    link = {"fetch_mode": "navigate", "fetch_dest": "document"}
    assert status(request(path=path, fetch_site=site, **link)) == 403
    assert status(request(path=path, fetch_site="none", **link)) == 0
    assert status(request(path="/api/v3/messages", fetch_site=site, **link)) == 0


def test_nothing_of_a_dialect_is_loaded_ahead() -> None:
    ahead = replace(request(path="/api/v1/messages", fetch_site="none"), ahead=True)
    assert status(ahead) == 403
    assert status(replace(ahead, path="/messages")) == 0


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("mailpit:8025", 0),
        ("mail-http.shop.svc.cluster.local", 0),
        ("host.docker.internal:8025", 0),
        ("evil.example", 400),
        ("evillocal.example", 400),
        ("localhost", 0),
    ],
)
def test_names_of_a_network_of_containers(host: str, expected: int) -> None:
    """No page of the web can give itself such a name."""
    assert status(request(host=host), replace(RULES, local_names=True)) == expected
    if host != "localhost":
        assert status(request(host=host)) == 400
    listed = replace(RULES, local_names=True, allowed_hosts=("mail.example",))
    assert status(request(host=host), listed) == 400


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health/live", "/health/ready"])
def test_health_is_asked_for_by_any_name(path: str) -> None:
    assert status(request(host="10.0.0.7:8025", path=path), LISTED) == 0
    assert status(request("POST", host="10.0.0.7", path=path), LISTED) == 400
    assert status(request(host="10.0.0.7", path=f"{path}/x"), LISTED) == 400


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/static/icons/logo.svg", 0),
        ("/favicon.ico", 0),
        ("/messages/1/parts/2", 0),
        ("/transactions/1/parts/2", 0),
        ("/messages/1", 403),
        ("/messages/1/frame", 403),
        ("/api/v1/message/1/link-check", 403),
        ("/api/v3/messages/1", 403),
        ("/logout", 403),
    ],
)
def test_a_mail_that_has_our_origin_loads_nothing_as_an_image_but_images(
    path: str, expected: int
) -> None:
    asked = request(
        path=path, fetch_site="same-origin", fetch_mode="no-cors", fetch_dest="image"
    )
    assert status(asked) == expected
    assert status(replace(asked, fetch_dest="document")) == 0


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IMAGE = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
LAN = "10.0.0.5:8025"


def silent(path: str, accept: str, referer: str = "", **more: str) -> RequestHead:
    """A request of a browser to plain http, without Sec-Fetch fields."""
    given = {"user_agent": FIREFOX, **more}
    return request(host=LAN, path=path, accept=accept, referer=referer, **given)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/static/icons/logo.svg", 0),
        ("/favicon.ico", 0),
        ("/messages/1/parts/2", 0),
        ("/messages/1", 403),
        ("/api/v1/message/1/link-check", 403),
        ("/api/v3/messages/1", 403),
    ],
)
def test_by_plain_http_too_a_mail_loads_nothing_as_an_image_but_images(
    path: str, expected: int
) -> None:
    assert status(silent(path, IMAGE)) == expected
    assert status(silent(path, PAGE)) == 0
    assert status(silent(path, "image/png")) == 0
    assert status(silent(path, IMAGE, user_agent="curl/8")) == 0


@pytest.mark.parametrize(
    ("asked", "foreign"),
    [
        (silent("/counts", "*/*"), True),
        (silent("/counts", "*/*", "http://10.0.0.5:3000/"), True),
        (silent("/counts", "*/*", f"http://{LAN}/messages/1"), False),
        (silent("/counts", "*/*", f"http://{LAN}.evil.example/"), True),
        (silent("/counts", "*/*", "http://["), True),
        (silent("/messages/1", PAGE), False),
        (silent("/messages/1", PAGE, "http://10.0.0.5:3000/"), False),
        (silent("/api/v1/message/latest/link-check", PAGE), True),
        (silent("/api/v1/messages", PAGE, f"http://{LAN}/"), False),
        (silent("/counts", "*/*", fetch_site="same-origin"), False),
        (silent("/counts", "*/*", user_agent="python-requests/2"), False),
        (silent("/counts", "*/*", origin=f"http://{LAN}"), False),
        (silent("/counts", "*/*", f"http://{LAN}/", origin="http://10.0.0.5"), True),
    ],
)
def test_by_plain_http_a_page_of_ours_has_to_say_so(
    asked: RequestHead, foreign: bool
) -> None:
    assert RULES.is_foreign(asked) is foreign
