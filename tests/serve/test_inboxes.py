"""Mail to several inboxes, over real SMTP: who goes where, and who may log in."""

from __future__ import annotations

import smtplib
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.error import HTTPError

import pytest
from scramp import ScramClient

from tests.releasing import until
from tests.running import Mailsink

MAIL = "Subject: hello\r\n\r\nbody\r\n"


@pytest.fixture(scope="module")
def shop(mailsink: Mailsink) -> dict[str, Any]:
    """The inbox of a team, with a login; and others, each with a condition."""
    made: dict[str, Any] = mailsink.post("inboxes", slug="shop", name="Shop")
    conditions = {
        "by-recipient": {"recipients": ["*@billing.test"]},
        "by-helo": {"helo": ["ci-*"]},
        "by-header": {},
        "by-user": {"users": ["legacy"]},
    }
    for slug, given in conditions.items():
        mailsink.post("inboxes", slug=slug)
        mailsink.patch(f"inboxes/{slug}", conditions=given)
    login = mailsink.post("inboxes/shop/credentials", username="shop")
    return made | {"password": login["password"]}


def send(
    mailsink: Mailsink,
    to: Sequence[str] = ("bob@example.com",),
    helo: str = "client.test",
    login: tuple[str, str] | None = None,
    mail: str = MAIL,
) -> str:
    """Send a message; return the slug of the inbox that it is in."""
    with smtplib.SMTP(*mailsink.smtp, local_hostname=helo) as client:
        if login is not None:
            client.login(*login)
        client.sendmail("ann@example.com", to, mail)
    message = mailsink.get("messages/latest")
    session = until(lambda: ended(mailsink, message["session"]))
    assert session["inbox"] == message["inbox"]
    assert session["transactions"][0]["inbox"] == message["inbox"]
    return str(message["inbox"])


def ended(mailsink: Mailsink, id: str) -> dict[str, Any] | None:
    """Return a session once it has ended: its row is whole by then."""
    session: dict[str, Any] = mailsink.get(f"sessions/{id}")
    return session if session["ending"] else None


HEADER = "X-Mailsink-Inbox: by-header\r\n" + MAIL


def test_the_first_condition_that_holds(
    mailsink: Mailsink, shop: dict[str, Any]
) -> None:
    login = ("shop", shop["password"])
    to, helo = ["ann@billing.test"], "ci-7.test"
    assert send(mailsink) == "default"
    assert send(mailsink, mail=HEADER) == "by-header"
    assert send(mailsink, helo=helo, mail=HEADER) == "by-helo"
    assert send(mailsink, to, helo, mail=HEADER) == "by-recipient"
    assert send(mailsink, to, helo, login, HEADER) == "shop"
    assert send(mailsink, ["a@other.test", *to, "b@other.test"]) == "by-recipient"


def test_a_large_message_names_its_inbox_too(
    mailsink: Mailsink, shop: dict[str, Any]
) -> None:
    large = HEADER + "x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 20_000
    assert send(mailsink, mail=large) == "by-header"


def test_a_rule_that_routes_wins(mailsink: Mailsink, shop: dict[str, Any]) -> None:
    rule = mailsink.post(
        "rules", inbox="shop", stage="data", actions={"inbox": "by-helo"}
    )
    try:
        with smtplib.SMTP(*mailsink.smtp) as client:
            client.login("shop", shop["password"])
            client.sendmail("a@example.com", ["b@example.com"], MAIL)
    finally:
        mailsink.delete(f"rules/{rule['id']}")
    assert mailsink.get("messages/latest")["inbox"] == "by-helo"


def test_the_settings_of_the_inbox_in_question_hold(
    mailsink: Mailsink, shop: dict[str, Any]
) -> None:
    mailsink.patch("inboxes/by-recipient", known_only=True, quota_octets=100)
    mailsink.patch("inboxes/by-helo", paused=True)
    try:
        with smtplib.SMTP(*mailsink.smtp, local_hostname="ci-1.test") as client:
            client.ehlo()
            client.mail("a@example.com")
            assert client.rcpt("x@other.test")[0] == 450
            assert client.rcpt("x@billing.test")[0] == 550
            client.rset()
        # Nobody was accepted for another.
        until_the_last_session_is_in(mailsink, "by-recipient")
        with smtplib.SMTP(*mailsink.smtp) as client:
            client.ehlo()
            client.mail("a@example.com")
            assert client.rcpt("x@other.test")[0] == 250
            mailsink.patch("inboxes/by-recipient", known_only=False)
            assert client.rcpt("x@billing.test")[0] == 250
            code, words = client.data(MAIL + "x" * 200)
            assert (code, b"quota" in words.lower()) == (552, True), words
    finally:
        mailsink.patch("inboxes/by-recipient", known_only=False, quota_octets=0)
        mailsink.patch("inboxes/by-helo", paused=False)
    until_the_last_session_is_in(mailsink, "by-recipient")


def until_the_last_session_is_in(mailsink: Mailsink, slug: str) -> None:
    """Wait for the row of the newest session, which is written ten times a second at most."""
    patience = time.monotonic() + 120
    while (found := mailsink.get("sessions?limit=1")["items"][0]["inbox"]) != slug:
        assert time.monotonic() < patience, found


def scram(client: smtplib.SMTP, user: str, password: str) -> int:
    """Log in by SCRAM-SHA-256; return the last code."""
    made = ScramClient(["SCRAM-SHA-256"], user, password)
    first = b64encode(made.get_client_first().encode()).decode()
    code, challenge = client.docmd("AUTH", f"SCRAM-SHA-256 {first}")
    made.set_server_first(b64decode(challenge).decode())
    final = b64encode(made.get_client_final().encode()).decode()
    code, proof = client.docmd(final)
    if code == 334:
        made.set_server_final(b64decode(proof).decode())
        code, _ = client.docmd("")
    return code


def test_each_mechanism_checks_the_password(
    mailsink: Mailsink, shop: dict[str, Any]
) -> None:
    good = shop["password"]
    for password, expected in ((good, 235), ("wrong", 535)):
        with smtplib.SMTP(*mailsink.smtp) as client:
            client.ehlo()
            assert "CRAM-MD5" not in client.esmtp_features["auth"]
            assert scram(client, "shop", password) == expected
        for authenticate in ("auth_plain", "auth_login"):
            with smtplib.SMTP(*mailsink.smtp) as client:
                client.ehlo()
                client.user, client.password = "shop", password
                name = authenticate[5:].upper()
                try:
                    code, _ = client.auth(name, getattr(client, authenticate))
                except smtplib.SMTPAuthenticationError as error:
                    code = error.smtp_code
                assert code == expected
    for user in ("nobody", "shop2", "sho", "legacy"):
        with pytest.raises(smtplib.SMTPAuthenticationError):
            send(mailsink, login=(user, good))


def test_cram_md5_is_for_those_who_switched_it_on(
    mailsink: Mailsink, shop: dict[str, Any]
) -> None:
    made = mailsink.post("inboxes/shop/credentials", username="old", cram_md5=True)

    def cram(user: str, password: str) -> int:
        with smtplib.SMTP(*mailsink.smtp) as client:
            client.ehlo()
            client.user, client.password = user, password
            try:
                return client.auth("CRAM-MD5", client.auth_cram_md5)[0]
            except smtplib.SMTPAuthenticationError as error:
                return error.smtp_code

    try:
        assert cram("old", made["password"]) == 235
        assert cram("old", "wrong") == 535
        assert cram("shop", shop["password"]) == 535
        assert cram("nobody", "") == 535
    finally:
        mailsink.delete("inboxes/shop/credentials/old")


def test_a_rotation_with_an_overlap_and_without(
    mailsink: Mailsink, shop: dict[str, Any]
) -> None:
    path = "inboxes/shop/credentials"
    first = mailsink.post(path, username="turning")["password"]
    second = mailsink.post(f"{path}/turning/rotate", overlap=3600)["password"]

    def logs_in(password: str) -> set[int]:
        found = set()
        for with_scram in (True, False):
            with smtplib.SMTP(*mailsink.smtp) as client:
                client.ehlo()
                if with_scram:
                    found.add(scram(client, "turning", password))
                    continue
                try:
                    found.add(client.login("turning", password)[0])
                except smtplib.SMTPAuthenticationError as error:
                    found.add(error.smtp_code)
        return found

    assert (logs_in(first), logs_in(second)) == ({235}, {235})
    assert logs_in("wrong") == {535}
    third = mailsink.post(f"{path}/turning/rotate")["password"]
    assert [logs_in(each) for each in (first, second, third)] == [{535}, {535}, {235}]
    mailsink.delete(f"{path}/turning")
    assert logs_in(third) == {535}


def test_a_revoked_login_ends_its_sessions(
    mailsink: Mailsink, shop: dict[str, Any]
) -> None:
    path = "inboxes/shop/credentials"
    password = mailsink.post(path, username="leaked")["password"]
    with (
        smtplib.SMTP(*mailsink.smtp) as client,
        smtplib.SMTP(*mailsink.smtp) as other,
    ):
        for each, login in ((client, "leaked+feature-42"), (other, "shop")):
            each.login(login, shop["password"] if login == "shop" else password)
            each.sendmail("a@example.com", ["b@example.com"], MAIL)
        mailsink.delete(f"{path}/leaked")
        code, text = client.docmd("MAIL FROM:<a@example.com>")
        assert (code, b"revoked" in text) == (421, True)
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()
        other.sendmail("a@example.com", ["b@example.com"], MAIL)


def test_a_label_makes_an_inbox(mailsink: Mailsink, shop: dict[str, Any]) -> None:
    password = shop["password"]
    login = ("shop+feature-42", password)
    assert send(mailsink, login=login) == "shop-feature-42"
    assert send(mailsink, login=login) == "shop-feature-42"
    assert mailsink.get("inboxes/shop-feature-42")["parent"] == "shop"
    mailsink.post("inboxes", slug="shop-taken")
    for label in ("taken", "no.slug", "x" * 60):
        assert send(mailsink, login=(f"shop+{label}", password)) == "shop"
        session = mailsink.get("messages/latest")["session"]
        lines = mailsink.get(f"sessions/{session}")["exchanges"]
        (notice,) = (each["line"] for each in lines if each["kind"] == "notice")
        assert notice.startswith("The label "), notice
    with pytest.raises(smtplib.SMTPAuthenticationError):
        send(mailsink, login=("shop+feature-43", "wrong"))
    assert all(
        each["slug"] != "shop-feature-43" for each in mailsink.get("inboxes")["items"]
    )


def refusal(ask: Callable[[], object]) -> int:
    """Return the code of an answer that is none of success."""
    with pytest.raises(HTTPError) as raised:
        ask()
    raised.value.close()
    return raised.value.code


def test_deleted_restored_and_made_again(mailsink: Mailsink) -> None:
    mailsink.post("inboxes", slug="brief")
    mailsink.patch("inboxes/brief", conditions={"recipients": ["*@brief.test"]})
    to = ["a@brief.test"]
    assert send(mailsink, to) == "brief"
    id = mailsink.get("messages/latest")["id"]
    mailsink.patch(f"messages/{id}", pinned=True)
    mailsink.delete("inboxes/brief")
    assert send(mailsink, to) == "default"
    for path in ("inboxes/brief", f"messages/{id}"):
        assert refusal(partial(mailsink.get, path)) == 404
    assert mailsink.post("inboxes/brief/restore")["slug"] == "brief"
    assert mailsink.get(f"messages/{id}")["pinned"]
    assert send(mailsink, to) == "brief"
    mailsink.delete("inboxes/brief")
    mailsink.post("inboxes", slug="brief")
    assert refusal(lambda: mailsink.post("inboxes/brief/restore")) == 409
