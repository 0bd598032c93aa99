"""Signing in by OpenID Connect: who may come in, and what a provider cannot get away with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from joserfc.jwk import ECKey

from inbox.access import account_links, identity_provider, users, wrong_tokens
from inbox.access.memberships import of_user
from inbox.models import AuditEntry, ProviderIdentity, User
from mailsink.oidc_settings import OidcProvider
from tests import people
from tests.access.faulty_provider import CLIENT_ID, FaultyProvider

pytestmark = pytest.mark.django_db

ANN = {"sub": "1", "email": "Ann@example.com", "email_verified": True}
Configure = Callable[..., None]


@pytest.fixture(scope="module")
def running() -> Iterator[FaultyProvider]:
    found = FaultyProvider()
    yield found
    found.stop()


@pytest.fixture
def configure(running: FaultyProvider, settings: Any) -> Iterator[Configure]:
    """Sets fields of the provider as the settings name it."""
    before = settings.CONFIG
    own = OidcProvider(
        issuer=running.issuer, client_id=CLIENT_ID, client_secret="s", label="Example",
        scopes=("openid", "email"), domains=("example.com",), groups_claim="",
    )  # fmt: skip

    def change(**fields: Any) -> None:
        identity_provider.forget()
        settings.CONFIG = replace(before, oidc=replace(own, **fields))

    change()
    yield change
    identity_provider.forget()


@pytest.fixture(autouse=True)
def at(running: FaultyProvider, configure: Configure) -> FaultyProvider:
    """The provider as it is at first, and an administrator here."""
    cache.clear()
    wrong_tokens.forget()
    running.signing_key = running.key
    running.claims, running.userinfo, running.metadata = {}, dict(ANN), {}
    running.token_status, running.silent, running.is_signed = 200, False, True
    running.dripping = running.endless = running.redirecting = False
    running.said = {}
    people.administrator()
    return running


def _sign_in(at: FaultyProvider, client: Client, **query: str) -> Any:
    begun = client.get("/login/provider", query)
    assert begun.status_code == 302, begun.content
    return client.get("/login/provider/return", at.sign_in(begun["Location"]))


def test_whoever_has_an_address_of_ours_gets_a_user(at: FaultyProvider) -> None:
    client = Client()
    assert b"Sign in with Example" in client.get("/login").content
    assert _sign_in(at, client, next="/sessions")["Location"] == "/sessions"
    user = User.objects.get(username="ann@example.com")
    assert not user.is_superuser
    assert not user.has_usable_password()
    assert client.get("/account").status_code == 200
    assert b"Change password" not in client.get("/account").content
    kinds = AuditEntry.objects.filter(user_id=user.pk).order_by("pk")
    assert [(each.kind, each.details) for each in kinds] == [
        ("user.added", "by provider"),
        ("signed in", "by provider"),
    ]
    again = Client()
    at.userinfo["email"] = "ann.new@elsewhere.test"  # it is the subject that counts
    _sign_in(at, again)
    assert again.get("/account").status_code == 200
    assert User.objects.count() == 2


def test_the_flow_has_pkce_a_state_and_a_nonce(at: FaultyProvider) -> None:
    url = Client().get("/login/provider")["Location"]
    query = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{at.issuer}/authorize?")
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == ["http://testserver/login/provider/return"]
    assert all(
        len(query[each][0]) >= 20 for each in ("state", "nonce", "code_challenge")
    )


@pytest.mark.parametrize(
    ("claims", "words"),
    [({"email": "eve@elsewhere.test"}, "There is no user for eve@elsewhere.test"),
     ({"email": "eve@sub.example.com"}, "There is no user for"),
     ({"email": "eve@evil.test@example.com.test"}, "There is no user for"),
     ({"email": "@example.com"}, "There is no user for"),
     ({"email_verified": False}, "no verified email address"),
     ({"email_verified": "no"}, "no verified email address"),
     ({"email": None}, "no verified email address"),
     ({"email": "<b>@example.com"}, "Enter a valid username"),
     ({"sub": "2"}, "two different people")],
)  # fmt: skip
def test_who_does_not_come_in(at: FaultyProvider, claims: Any, words: str) -> None:
    at.userinfo |= claims
    client = Client()
    answer = _sign_in(at, client)
    assert 400 <= answer.status_code < 600
    assert words in answer.content.decode()
    assert b"Not signed in" in answer.content
    assert client.get("/account").status_code == 302
    assert User.objects.count() == 1
    failed = AuditEntry.objects.filter(kind="sign-in failed").exists()
    assert failed == ("two different people" not in words)


def test_a_name_that_a_guest_chose_is_nobody_elses_account(at: FaultyProvider) -> None:
    mallory = people.user("ann@example.com")
    mallory.set_password("correct horse 42")
    mallory.save()
    answer = _sign_in(at, Client())
    assert answer.status_code == 409
    assert not ProviderIdentity.objects.exists()


def test_a_user_who_was_added_by_the_address(
    at: FaultyProvider, configure: Configure
) -> None:
    configure(domains=())
    added = users.add("ann@example.com")
    client = Client()
    _sign_in(at, client)
    assert b"ann@example.com" in client.get("/account").content
    assert ProviderIdentity.objects.get().user == added
    at.claims = at.userinfo = dict(ANN, sub="2")  # the same address, and somebody else
    assert _sign_in(at, Client()).status_code == 403


def test_who_is_disabled_stays_out(at: FaultyProvider) -> None:
    _sign_in(at, Client())
    users.change(User.objects.get(username="ann@example.com").pk, is_active=False)
    answer = _sign_in(at, Client())
    assert answer.status_code == 403
    assert b"disabled" in answer.content


def test_an_invitation_is_taken_by_the_provider(
    at: FaultyProvider, configure: Configure
) -> None:
    configure(domains=())
    people.an_inbox("a")
    root = of_user(User.objects.get(username="root"))
    made = account_links.invite(root, ["a"], "tester")
    client = Client()
    assert b"Continue with Example" in client.get(f"/invitations/{made.key}").content
    assert _sign_in(at, client, invitation=made.key)["Location"] == "/"
    user = User.objects.get(username="ann@example.com")
    assert [(each.inbox.slug, each.role) for each in user.memberships.all()] == [
        ("a", "tester")
    ]
    assert Client().get("/login/provider", {"invitation": made.key}).status_code == 404
    other = account_links.invite(root, ["a"])
    known = _sign_in(at, Client(), invitation=other.key)
    assert known.status_code == 409
    assert b"as ann@example.com" in known.content


def test_the_link_of_a_user_who_is_there_adds_the_provider(at: FaultyProvider) -> None:
    bob = people.user("bob")
    bob.set_password("correct horse 42")
    bob.save()
    made = account_links.for_password(of_user(User.objects.get(username="root")), bob)
    _sign_in(at, Client(), invitation=made.key)
    bob.refresh_from_db()
    assert ProviderIdentity.objects.get().user == bob
    assert bob.check_password("correct horse 42")


def test_groups_are_those_that_the_provider_names(
    at: FaultyProvider, configure: Configure
) -> None:
    configure(groups_claim="groups")
    for name in ("testers", "others"):
        Group.objects.create(name=name)
    for groups, found in [
        (["testers", "unknown"], ["testers"]), ("others", ["others"]), (None, ["others"]), ([], []),
    ]:  # fmt: skip
        at.userinfo["groups"] = groups
        _sign_in(at, Client())
        user = User.objects.get(username="ann@example.com")
        assert [each.name for each in user.groups.all()] == found


@pytest.mark.parametrize(
    "claims",
    [{"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"iss": "http://evil.test"},
     {"exp": 1}, {"sub": ""}, {"sub": "x" * 256}, {"sub": "a\x00"}],
)  # fmt: skip
def test_a_token_that_is_not_for_this_login(at: FaultyProvider, claims: Any) -> None:
    at.claims = claims
    at.userinfo |= {each: claims[each] for each in claims if each == "sub"}
    client = Client()
    assert _sign_in(at, client).status_code == 502
    assert client.get("/account").status_code == 302


def test_a_token_of_another_key(at: FaultyProvider) -> None:
    at.signing_key = ECKey.generate_key("P-256", {"kid": "1"})
    assert _sign_in(at, Client()).status_code == 502


def test_a_token_that_nobody_signed(at: FaultyProvider) -> None:
    at.is_signed = False
    at.metadata = {"id_token_signing_alg_values_supported": ["ES256", "none"]}
    assert _sign_in(at, Client()).status_code == 502


def test_a_login_that_began_elsewhere(at: FaultyProvider) -> None:
    sent = at.sign_in(Client().get("/login/provider")["Location"])
    victim = Client()
    victim.get("/login/provider")
    for query in (sent, {**sent, "state": ""}, {"code": "abc"}, {}):
        answer = victim.get("/login/provider/return", query)
        assert answer.status_code == 400, query
        assert b"Start again" in answer.content


def test_an_answer_is_good_once(at: FaultyProvider) -> None:
    client = Client()
    begun = client.get("/login/provider")
    query = at.sign_in(begun["Location"])
    assert client.get("/login/provider/return", query).status_code == 302
    client.post("/logout")
    assert client.get("/login/provider/return", query).status_code == 400


def test_an_answer_of_another_issuer(at: FaultyProvider) -> None:
    client = Client()
    query = at.sign_in(client.get("/login/provider")["Location"])
    mixed = client.get("/login/provider/return", {**query, "iss": "http://evil.test"})
    assert mixed.status_code == 400


def test_what_the_provider_refuses_is_said(at: FaultyProvider) -> None:
    client = Client()
    query = at.sign_in(client.get("/login/provider")["Location"])
    said = {
        "error": "access_denied",
        "error_description": "<script>no\x07",
        "state": query["state"],
    }
    answer = client.get("/login/provider/return", said)
    assert answer.status_code == 403
    assert b"access_denied &lt;script&gt;no" in answer.content
    assert client.get("/login/provider/return", said).status_code == 400  # said once


@pytest.mark.parametrize("state", [None, "", "wrong", "of another browser"])
def test_nobody_else_has_words_on_our_page(
    at: FaultyProvider, state: str | None
) -> None:
    begun = at.sign_in(Client().get("/login/provider")["Location"])
    said = {"error": "x", "error_description": "Call +1 555 0100 now"}
    if state is not None:
        said["state"] = begun["state"] if state == "of another browser" else state
    victim = Client()
    victim.get("/login/provider")
    answer = victim.get("/login/provider/return", said)
    assert answer.status_code == 400
    assert b"Start again" in answer.content
    assert b"555" not in answer.content


def test_a_stranger_has_nothing_asked_of_the_provider(
    at: FaultyProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_provider, "SECONDS", 0.05)
    at.silent = True
    query = {"code": "abc", "state": "wrong"}
    assert Client().get("/login/provider/return", query).status_code == 400


def test_a_session_keeps_few_logins_that_have_not_come_back(at: FaultyProvider) -> None:
    client = Client()
    first = at.sign_in(client.get("/login/provider")["Location"])
    for _ in range(12):
        client.get("/login/provider")
    assert sum(key.startswith("_state_") for key in dict(client.session)) == 10
    assert client.get("/login/provider/return", first).status_code == 400
    assert _sign_in(at, client).status_code == 302


def test_logins_that_end_are_counted(at: FaultyProvider) -> None:
    query = {"error": "x", "state": "wrong"}
    statuses = [
        Client().get("/login/provider/return", query).status_code for _ in range(31)
    ]
    assert statuses == [*[400] * 30, 429]


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "http://another.test"}, {"jwks_uri": "http://127.0.0.1:1/"},
     {"token_endpoint": None}, {"token_endpoint": "http://127.0.0.1:1/"}],
)  # fmt: skip
def test_a_provider_that_is_not_what_it_should_be(
    at: FaultyProvider, metadata: Any
) -> None:
    at.metadata = metadata
    client = Client()
    begun = client.get("/login/provider")
    if begun.status_code == 302:
        begun = client.get("/login/provider/return", at.sign_in(begun["Location"]))
    assert begun.status_code == 502
    assert b"did not answer correctly" in begun.content


def test_a_provider_that_is_silent(
    at: FaultyProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_provider, "SECONDS", 0.05)
    identity_provider.forget()
    at.silent = True
    assert Client().get("/login/provider").status_code == 502


@pytest.mark.parametrize("fault", ["dripping", "endless", "redirecting"])
def test_a_provider_whose_answer_has_no_end(
    at: FaultyProvider, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """It holds no request for longer than one that is silent, nor fills the memory."""
    if fault == "dripping":
        monkeypatch.setattr(identity_provider, "_IN_ALL", 0.3)
    setattr(at, fault, True)
    refused: list[Exception] = []

    def ask() -> None:
        try:
            identity_provider._ask(str)
        except identity_provider.NoIdentityProvider as error:
            refused.append(error)

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(120)
    setattr(at, fault, False)
    assert refused
    assert ("slow" in str(refused[0])) == (fault == "dripping")


@pytest.mark.parametrize(
    ("path", "said"),
    [("/.well-known/openid-configuration", b"[" * 100_000),
     ("/jwks", b"[" * 100_000), ("/jwks", b'"busy"'),
     ("/token", b'{"access_token": "x", "userinfo": {"sub": "1"}}'),
     ("/token", b"[" * 100_000), ("/userinfo", b"[" * 100_000)],
)  # fmt: skip
def test_nonsense_is_no_fault_of_ours_and_is_not_kept(
    at: FaultyProvider, path: str, said: bytes
) -> None:
    at.said[path] = said
    client = Client()
    begun = client.get("/login/provider")
    if begun.status_code == 302:
        begun = client.get("/login/provider/return", at.sign_in(begun["Location"]))
    assert begun.status_code == 502
    assert b"did not answer correctly" in begun.content
    at.said.clear()
    assert _sign_in(at, client).status_code == 302


@pytest.mark.parametrize("odd", ["\0", "\ud800"])
def test_names_that_no_database_takes_are_left_out(
    at: FaultyProvider, configure: Configure, odd: str
) -> None:
    configure(groups_claim="groups")
    at.userinfo |= {"groups": ["a", f"b{odd}"]}
    assert _sign_in(at, Client()).status_code == 302
    at.claims, at.userinfo = {"sub": "2"}, {**ANN, "sub": "2", "email": f"x{odd}@example.com"}  # fmt: skip
    refused = _sign_in(at, Client())
    assert refused.status_code == 403
    assert b"no verified email address" in refused.content


@pytest.mark.parametrize("next", ["https://evil.test/", "//evil.test/", "/\\evil.test"])
def test_the_way_back_is_our_own(at: FaultyProvider, next: str) -> None:
    assert _sign_in(at, Client(), next=next)["Location"] == "/"


def test_logins_that_begin_are_counted(at: FaultyProvider) -> None:
    statuses = [Client().get("/login/provider").status_code for _ in range(31)]
    assert statuses == [*[302] * 30, 429]


def test_without_a_provider_there_is_no_way_to_it(settings: Any) -> None:
    settings.CONFIG = replace(settings.CONFIG, oidc=None)
    people.administrator("other")
    for path in ("/login/provider", "/login/provider/return"):
        assert Client().get(path).status_code == 404
    assert b"/login/provider" not in Client().get("/login").content
