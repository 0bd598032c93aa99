"""Signing in and out, passwords, and the first administrator."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.test.utils import override_script_prefix

from inbox.access import accounts, first_visit, signing_in
from inbox.errors import Conflict, Invalid
from inbox.models import User
from tests import people

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse 42"


@pytest.fixture(autouse=True)
def _attempts() -> None:
    cache.clear()


def _ann() -> User:
    people.administrator()
    ann = people.user("ann", a="viewer")
    ann.set_password(PASSWORD)
    ann.save()
    return ann


def _sign_in(client: Client, password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/login", {"name": "ann", "password": password, **more})


def test_the_first_administrator_by_the_link() -> None:
    client = Client()
    key = first_visit.offer()
    assert client.get("/setup/wrong").status_code == 404
    assert client.get(f"/setup/{key}").status_code == 200
    weak = client.post(f"/setup/{key}", {"name": "root", "password": "password"})
    assert weak.status_code == 422
    given = {"name": "root", "password": PASSWORD}
    assert client.post(f"/setup/{key}", given)["Location"] == "/login"
    assert accounts.are_on()
    root = User.objects.get()
    assert root.is_superuser
    assert root.password.startswith("argon2$argon2id$")
    for method in (client.get, client.post):
        assert method(f"/setup/{key}").status_code == 404
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    ("name", "password"),
    [("", PASSWORD), ("a b\n", PASSWORD), ("x" * 151, PASSWORD), ("root", "short"),
     ("root", "1234567890"), ("root", "x" * 1001), ("root", "a\x00" * 9)],
)  # fmt: skip
def test_what_no_administrator_can_have(name: str, password: str) -> None:
    with pytest.raises(Invalid):
        first_visit.make_administrator(name, password)
    assert not User.objects.exists()


def test_a_name_is_one_users() -> None:
    first_visit.make_administrator("root", PASSWORD)
    with pytest.raises(Conflict):
        first_visit.make_administrator("second", PASSWORD, only_first=True)
    first_visit.make_administrator("second", PASSWORD)


@pytest.mark.parametrize(
    ("addresses", "last"),
    [("2001:db8:1:2::{}", 429), ("2001:db8:{}::1", 422), ("::ffff:192.0.2.{}", 422)],
)
def test_logins_are_counted_by_client(addresses: str, last: int) -> None:
    """A host has all of its network, and an IPv4 address is one also in IPv6's form."""
    _ann()
    for number in range(1, 32):
        answer = Client(REMOTE_ADDR=addresses.format(number)).post(
            "/login", {"name": f"nobody{number}", "password": "wrong"}
        )
    assert answer.status_code == last


def test_in_and_out_again() -> None:
    _ann()
    client = Client()
    assert b'name="password"' in client.get("/login?next=/sessions").content
    wrong = _sign_in(client, "wrong")
    assert wrong.status_code == 422
    assert b"The name or the password is wrong." in wrong.content
    done = _sign_in(client, next="/sessions?q=x")
    assert done["Location"] == "/sessions?q=x"
    cookie = done.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (
        True,
        "Lax",
        "",
    )
    page = client.get("/")
    assert b"Your account" in page.content
    assert page["Cache-Control"] == "no-store"
    assert client.get("/login")["Location"] == "/"
    assert b"<bdi>ann</bdi>" in client.get("/account").content
    stolen = Client()
    stolen.cookies.load({settings.SESSION_COOKIE_NAME: cookie.value})
    assert stolen.get("/").status_code == 200
    assert client.post("/logout")["Location"] == "/login"
    assert stolen.get("/").status_code == 302
    assert client.get("/").status_code == 302


def test_by_tls_the_cookie_is_secure() -> None:
    _ann()
    done = Client().post("/login", {"name": "ann", "password": PASSWORD}, secure=True)
    assert done.cookies[settings.SESSION_COOKIE_NAME]["secure"] is True


def test_the_cookie_is_for_the_path_that_the_request_came_by() -> None:
    _ann()
    client = Client()
    with override_script_prefix("/mail/"):
        for answer in (_sign_in(client), client.post("/logout")):
            assert answer.cookies[settings.SESSION_COOKIE_NAME]["path"] == "/mail/"


def test_of_two_cookies_that_of_the_longest_path_counts() -> None:
    """Browsers send it first (RFC 6265 5.4): the other is for a path above."""
    _ann()
    key = _sign_in(Client()).cookies[settings.SESSION_COOKIE_NAME].value
    for first, second, status in ((key, "z" * 32, 200), ("z" * 32, key, 302)):
        sent = f"other=1; mailsink_session={first}; mailsink_session={second}"
        assert Client(headers={"Cookie": sent}).get("/").status_code == status


def test_a_session_from_before_is_not_the_one_after() -> None:
    _ann()
    client = Client()
    session = client.session  # an attacker has put it into the browser
    session["planted"] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    _sign_in(client)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != session.session_key
    attacker = Client()
    attacker.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    assert attacker.get("/").status_code == 302


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)", "x",
     "http:evil", "/a\r\nSet-Cookie: x=1"],
)  # fmt: skip
def test_the_way_back_is_our_own(elsewhere: str) -> None:
    _ann()
    assert _sign_in(Client(), next=elsewhere)["Location"] == "/"


@pytest.mark.parametrize(
    "beside",
    ["/mail", "/other", "/mail/../other", "/mail/%2E./other", "/mail/x/../../other/..",
     "/mail/.\\..\\other", "/mail/..?x"],
)  # fmt: skip
def test_the_way_back_is_below_our_path(beside: str) -> None:
    _ann()
    with override_script_prefix("/mail/"):
        assert _sign_in(Client(), next=beside)["Location"] == "/mail/"
        for own in ("/mail/", "/mail/s/a..b?q=/../x"):
            assert _sign_in(Client(), next=own)["Location"] == own


def test_too_many_attempts_are_refused_whatever_the_password() -> None:
    _ann()
    client = Client()
    answers = [_sign_in(client, "wrong").status_code for _ in range(11)]
    assert answers == [*[422] * 10, 429]
    assert _sign_in(client).status_code == 429
    other = client.post("/login", {"name": "root", "password": "wrong"})
    assert other.status_code == 422


def test_another_password_ends_the_other_sessions() -> None:
    _ann()
    client, other = Client(), Client()
    _sign_in(client)
    _sign_in(other)
    wrong = client.post("/account", {"old": "wrong", "new": "battery staple 7"})
    assert wrong.status_code == 422
    same = client.post("/account", {"old": PASSWORD, "new": "qwertyuiop"})
    assert same.status_code == 422
    new = {"old": PASSWORD, "new": "battery staple 7"}
    assert client.post("/account", new)["Location"] == "/account?saved=password"
    assert client.get("/account?saved=password").status_code == 200
    assert other.get("/").status_code == 302
    assert _sign_in(Client()).status_code == 422
    assert _sign_in(Client(), "battery staple 7").status_code == 302


def test_without_accounts_there_is_no_login(client: Client) -> None:
    assert client.get("/login")["Location"] == "/"
    assert b"Your account" not in client.get("/").content


def test_sessions_whose_time_is_over_are_removed() -> None:
    _ann()
    _sign_in(Client())
    late = Client()
    _sign_in(late)
    key = late.cookies[settings.SESSION_COOKIE_NAME].value
    Session.objects.filter(pk=key).update(expire_date=datetime.now(UTC))
    assert late.get("/").status_code == 302
    signing_in.forget_expired()
    assert Session.objects.count() == 1


def test_many_others_do_not_push_the_attempts_out() -> None:
    _ann()
    client = Client()
    assert [_sign_in(client, "wrong").status_code for _ in range(10)] == [422] * 10
    for number in range(2000):
        cache.set(f"another-{number}", 1, 300)
    assert _sign_in(client).status_code == 429


@pytest.mark.parametrize("key", ["x", '"abcdefgh\\000ijkl"', "../" * 9, "A" * 32])
def test_a_cookie_that_is_no_session_of_ours_is_not_looked_up(
    key: str, django_assert_num_queries: Any
) -> None:
    _ann()
    for path, queries in (("/login", 0), ("/api/v3/messages", 0)):
        with django_assert_num_queries(queries):
            client = Client(headers={"Cookie": f"mailsink_session={key}"})
            assert client.get(path).status_code in (200, 401)
