"""Second factors: added and removed by their user, asked for after the password, once each."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from django.core.cache import cache
from django.test import Client

from inbox.access import account_links, api_tokens, authenticator_apps, second_factors
from inbox.access.memberships import of_user
from inbox.models import (
    AuditEntry,
    AuthenticatorApp,
    Passkey,
    RecoveryCode,
    User,
)
from inbox.storage import sealing
from tests import people

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse 42"
AT = 1_800_000_000.0


class Clock:
    """The time, as apps and logins see it."""

    def __init__(self) -> None:
        self.now = AT

    def time(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    cache.clear()
    clock = Clock()
    for module in ("authenticator_apps", "second_factors", "signing_in"):
        monkeypatch.setattr(f"inbox.access.{module}.time", clock)
    return clock


@pytest.fixture
def ann() -> User:
    people.administrator()
    ann = people.user("ann", a="viewer")
    ann.set_password(PASSWORD)
    ann.save()
    return ann


def _sign_in(client: Client, **more: str) -> Any:
    return client.post("/login", {"name": "ann", "password": PASSWORD, **more})


def _entered() -> Client:
    client = Client()
    assert _sign_in(client)["Location"] == "/"
    return client


def _code(secret: bytes, clock: Clock, steps: int = 0) -> str:
    return HOTP(secret, 6, SHA1()).generate(int(clock.now) // 30 + steps).decode()


def _add_app(client: Client, clock: Clock) -> tuple[bytes, list[str]]:
    """Add an app; return its secret and the recovery codes that the page shows."""
    page = client.get("/account/second-factors/app").content.decode()
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)
    assert sealed
    assert secret
    key = base64.b32decode(secret[1])
    wrong = client.post(
        "/account/second-factors/app", {"sealed": sealed[1], "code": "000000"}
    )
    assert wrong.status_code == 422
    assert secret[1] in wrong.content.decode()
    done = client.post(
        "/account/second-factors/app", {"sealed": sealed[1], "code": _code(key, clock)}
    )
    assert done.status_code == 201
    assert done["Cache-Control"].startswith("max-age=0")
    return key, re.findall(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){3}", done.content.decode())


def test_a_code_is_asked_for_after_the_password(ann: User, clock: Clock) -> None:
    key, codes = _add_app(_entered(), clock)
    assert len(set(codes)) == 10
    client = Client()
    assert (
        _sign_in(client, next="/sessions")["Location"]
        == "/login/second?next=%2Fsessions"
    )
    assert client.get("/").status_code == 302  # not in as yet
    page = client.get("/login/second?next=/sessions")
    assert b"<bdi>ann</bdi>" in page.content
    used = client.post("/login/second", {"code": _code(key, clock)})
    assert used.status_code == 422  # when the app was added
    clock.now += 30
    for wrong in ("", "000000", "x" * 65, _code(key, clock, 2), _code(key, clock, -2)):
        assert client.post("/login/second", {"code": wrong}).status_code == 422, wrong
    right = f" {_code(key, clock)[:3]} {_code(key, clock)[3:]}"
    done = client.post("/login/second", {"code": right, "next": "/sessions"})
    assert done["Location"] == "/sessions"
    assert client.get("/").status_code == 200
    other = Client()
    _sign_in(other)
    assert other.post("/login/second", {"code": _code(key, clock)}).status_code == 422
    assert (
        other.post("/login/second", {"code": _code(key, clock, 1)}).status_code == 302
    )
    entries = AuditEntry.objects.filter(kind="signed in").order_by("pk")
    assert entries[1].details == "by password and authenticator app"
    failed = AuditEntry.objects.filter(kind="sign-in failed")
    assert {each.user_name for each in failed} == {"ann"}


def test_a_recovery_code_stands_in_once(ann: User, clock: Clock) -> None:
    _key, codes = _add_app(_entered(), clock)
    client = Client()
    _sign_in(client)
    typed = codes[3].upper().replace("-", " ")
    assert client.post("/login/second", {"code": typed}).status_code == 302
    assert b"9 codes are left" in client.get("/account/second-factors").content
    again = Client()
    _sign_in(again)
    assert again.post("/login/second", {"code": codes[3]}).status_code == 422
    renewed = client.post("/account/second-factors/codes")
    assert renewed.status_code == 201
    assert again.post("/login/second", {"code": codes[4]}).status_code == 422
    assert RecoveryCode.objects.count() == 10


def test_the_password_is_good_for_ten_minutes(ann: User, clock: Clock) -> None:
    _key, codes = _add_app(_entered(), clock)
    late, changed, disabled = Client(), Client(), Client()
    for client in (late, changed, disabled):
        _sign_in(client)
    clock.now += second_factors.SECONDS + 1
    assert late.get("/login/second")["Location"].startswith("/login")
    clock.now -= second_factors.SECONDS
    ann.set_password("battery staple 7")
    ann.save()
    assert changed.post("/login/second", {"code": codes[0]})["Location"].startswith(
        "/login?"
    )
    ann.set_password(PASSWORD)
    ann.is_active = False
    ann.save()
    assert disabled.post("/login/second", {"code": codes[0]})["Location"].startswith(
        "/login?"
    )
    assert Client().get("/login/second")["Location"].startswith("/login")


def test_guesses_are_counted_for_the_user(ann: User, clock: Clock) -> None:
    _key, codes = _add_app(_entered(), clock)
    statuses = []
    for _ in range(11):
        client = Client()
        _sign_in(client)
        statuses.append(client.post("/login/second", {"code": "000000"}).status_code)
    assert statuses == [*[422] * 10, 429]
    assert client.post("/login/second", {"code": codes[0]}).status_code == 429


def test_a_session_of_before_is_not_the_one_of_the_second_step(
    ann: User, clock: Clock
) -> None:
    _add_app(_entered(), clock)
    client = Client()
    client.get("/login")
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["mailsink_session"] = session.session_key
    _sign_in(client)
    assert client.cookies["mailsink_session"].value != session.session_key
    assert client.session.get_expiry_age() <= second_factors.SECONDS


def test_whoever_is_in_for_long_confirms(ann: User, clock: Clock) -> None:
    client = _entered()
    clock.now += 901
    asked = client.get("/account/second-factors/app")
    assert (
        asked["Location"] == "/account/confirm?next=%2Faccount%2Fsecond-factors%2Fapp"
    )
    assert client.post("/account/second-factors/codes").status_code == 302
    script = {"Accept": "application/json"}
    refused = client.post("/account/second-factors/passkeys/challenge", headers=script)
    assert refused.status_code == 403
    assert client.get(asked["Location"]).status_code == 200
    wrong = client.post("/account/confirm", {"password": "wrong"})
    assert wrong.status_code == 422
    right = {"password": PASSWORD, "next": "/account/second-factors/app"}
    assert client.post("/account/confirm", right)["Location"] == right["next"]
    assert client.get("/account/second-factors/app").status_code == 200
    evil = client.post(
        "/account/confirm", {"password": PASSWORD, "next": "//evil.test"}
    )
    assert evil["Location"] == "/"
    ann.set_unusable_password()
    ann.save()
    without = people.signed_in(ann)
    assert b"no password" in without.get("/account/confirm").content


def test_guesses_of_the_password_are_counted_there_too(ann: User, clock: Clock) -> None:
    client = people.signed_in(ann)
    statuses = [
        client.post("/account/confirm", {"password": "x"}).status_code
        for _ in range(11)
    ]
    assert statuses == [*[422] * 10, 429]


def test_the_last_one_takes_the_recovery_codes_along(ann: User, clock: Clock) -> None:
    client = _entered()
    refused = client.post("/account/second-factors/codes")
    assert refused.status_code == 422
    _add_app(client, clock)
    twice = client.get("/account/second-factors/app").content.decode()
    sealed = re.search(r'name="sealed" value="([^"]+)"', twice)
    assert sealed
    offer = authenticator_apps.offered(ann, sealed[1])
    code = _code(base64.b32decode(offer.secret), clock)
    given = {"sealed": sealed[1], "code": code}
    assert client.post("/account/second-factors/app", given).status_code == 409
    assert client.post("/account/second-factors/app/remove").status_code == 302
    assert not RecoveryCode.objects.exists()
    assert _sign_in(Client())["Location"] == "/"
    kinds = AuditEntry.objects.filter(kind__startswith="second factor").order_by("pk")
    assert [(each.kind, each.object, each.details) for each in kinds] == [
        ("second factor.changed", "ann", "authenticator app added"),
        ("second factor.deleted", "ann", "authenticator app removed"),
    ]


def test_an_offer_is_for_whoever_got_it(ann: User, clock: Clock) -> None:
    others = authenticator_apps.offer(people.user("bob"))
    for sealed in (others.sealed, "x", "", sealing.seal("1 AAAA")):
        answer = _entered().post(
            "/account/second-factors/app", {"sealed": sealed, "code": "1"}
        )
        assert answer.status_code == 422
        assert b"too old" in answer.content
    assert not AuthenticatorApp.objects.exists()


def test_a_secret_is_sealed_and_needs_its_key(
    ann: User, clock: Clock, settings: Any
) -> None:
    key, _codes = _add_app(_entered(), clock)
    stored = AuthenticatorApp.objects.get().sealed_secret
    assert authenticator_apps.offer(ann).secret not in stored
    clock.now += 60
    client = Client()
    _sign_in(client)
    settings.SECRET_KEY = "another"
    with pytest.raises(Exception, match="another secret key"):
        authenticator_apps.accepts(ann, _code(key, clock))


def test_an_administrator_removes_them(ann: User, clock: Clock) -> None:
    _add_app(_entered(), clock)
    root = people.signed_in(User.objects.get(username="root"))
    assert b"Remove second factors" in root.get("/users").content
    one = f"/api/v3/users/{ann.pk}"
    assert root.get(one).json()["second_factor"] is True
    assert root.post(f"/users/{ann.pk}/second-factors/remove").status_code == 302
    assert root.get(one).json()["second_factor"] is False
    assert _sign_in(Client())["Location"] == "/"
    entry = AuditEntry.objects.get(kind="second factor.deleted")
    assert (entry.user_name, entry.object) == ("root", "ann")
    clock.now += 60
    _add_app(_entered(), clock)
    assert root.delete(f"{one}/second-factors").status_code == 204
    assert root.delete("/api/v3/users/999/second-factors").status_code == 404
    assert not second_factors.has_any(User.objects.get(pk=ann.pk))
    assert b"second factor</span>" not in root.get("/users").content
    assert people.signed_in(ann).delete(f"{one}/second-factors").status_code == 403


def test_a_link_for_a_password_does_not_go_round_them(ann: User, clock: Clock) -> None:
    _key, codes = _add_app(_entered(), clock)
    made = account_links.for_password(of_user(User.objects.get(username="root")), ann)
    client = Client()
    done = client.post(f"/invitations/{made.key}", {"password": "battery staple 7"})
    assert done["Location"] == "/login/second"
    assert client.get("/").status_code == 302
    assert client.post("/login/second", {"code": codes[0]}).status_code == 302
    assert client.get("/").status_code == 200


def test_tokens_know_none_of_it(ann: User, clock: Clock) -> None:
    made = api_tokens.add(ann, "ci", ["read", "write"])
    _add_app(_entered(), clock)
    bearer = {"Authorization": f"Bearer {made.text}"}
    assert Client().get("/api/v3/messages", headers=bearer).status_code == 200
    for method, path in [
        ("get", ""), ("get", "/app"), ("post", "/app/remove"), ("post", "/codes"),
        ("post", "/passkeys/challenge"),
    ]:  # fmt: skip
        asked = getattr(Client(), method)(
            f"/account/second-factors{path}", headers=bearer
        )
        assert asked.status_code == 403, path
    assert Client().get("/account/confirm", headers=bearer).status_code == 403


@pytest.mark.parametrize(
    "answer",
    ["", "x", "null", "[]", "{}", '{"id": "x"}', "[" * 30_000, "x" * 40_000,
     json.dumps({"id": "eA", "rawId": "eA", "type": "public-key", "response": {}}),
     json.dumps({"id": "eA", "rawId": "eA", "type": "public-key", "response": {
         "clientDataJSON": "e30", "authenticatorData": "eA", "signature": "eA",
         "attestationObject": "gYGBgYGB" * 3000}})],
)  # fmt: skip
def test_what_no_passkey_answers(ann: User, clock: Clock, answer: str) -> None:
    Passkey.objects.create(
        user=ann, name="x", credential_id="eA", data=b"x", host="localhost",
        created_at="2026-01-01T00:00:00Z",
    )  # fmt: skip
    at = {"HTTP_HOST": "localhost"}
    for client in (Client(**at), Client(**at)):
        begun = client.post("/login/passkey/challenge")
        assert begun.json()["publicKey"]["userVerification"] == "required"
        refused = client.post("/login/passkey", {"answer": answer})
        assert refused.status_code == 422
        assert b"was not accepted" in refused.content
        assert client.get("/").status_code == 302
    Passkey.objects.all().delete()
    client = _entered()
    client.defaults |= at
    client.post("/account/second-factors/passkeys/challenge")
    given = {"answer": answer, "name": "laptop"}
    assert client.post("/account/second-factors/passkeys", given).status_code == 422
    assert not Passkey.objects.exists()


def test_what_the_device_is_asked(ann: User, clock: Clock) -> None:
    client = _entered()
    for name, host in [("mail.test:8443", "mail.test"), ("localhost", "localhost")]:
        asked = client.post(
            "/account/second-factors/passkeys/challenge", HTTP_HOST=name
        )
        options = asked.json()["publicKey"]
        assert options["rp"] == {"id": host, "name": "Mailsink"}
        assert options["user"]["name"] == "ann"
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["authenticatorSelection"]["userVerification"] == "required"
    assert (
        html.escape("under an IP address")
        in client.get(
            "/account/second-factors", HTTP_HOST="127.0.0.1:8025"
        ).content.decode()
    )


def test_logins_that_begin_are_counted(ann: User, clock: Clock) -> None:
    statuses = [
        Client().post("/login/passkey/challenge").status_code for _ in range(31)
    ]
    assert statuses == [*[200] * 30, 429]


def test_an_answer_without_a_challenge_is_not_noted(ann: User, clock: Clock) -> None:
    client = Client(HTTP_HOST="localhost")
    for _ in range(3):
        refused = client.post("/login/passkey", {"answer": "{}"})
        assert refused.status_code == 422
        assert b"The time for the passkey has expired" in refused.content
    failed = AuditEntry.objects.filter(kind="sign-in failed")
    assert not failed.exists()
    client.post("/login/passkey/challenge")
    for words in (
        b"was not accepted",
        b"has expired",
        b"has expired",
    ):  # it is used once
        assert words in client.post("/login/passkey", {"answer": "{}"}).content
    assert failed.count() == 1


def test_answers_of_passkeys_are_counted(
    ann: User, clock: Clock, settings: Any
) -> None:
    # So that the answers are what is too many
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {
        "login_begun": "99/m/ip"
    }
    client, statuses = Client(HTTP_HOST="localhost"), []
    for _ in range(32):
        client.post("/login/passkey/challenge")
        statuses.append(client.post("/login/passkey", {"answer": "{}"}).status_code)
    assert statuses == [*[422] * 30, 429, 429]
    assert AuditEntry.objects.filter(kind="sign-in failed").count() == 30


def test_without_accounts_there_are_none(client: Client) -> None:
    for path in ("/login/second", "/account/second-factors", "/account/confirm"):
        assert client.get(path).status_code == 302
    assert client.post("/login/passkey/challenge").json() == {}
    assert client.post("/login/passkey").status_code == 302
    assert client.post("/account/second-factors/codes").status_code == 302
