"""A session with mail to several inboxes: members of one see their own mail and its lines."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.test import Client

from inbox.models import Message, Session, Transaction
from mailsink.ids import short_id
from tests import factories, people

pytestmark = pytest.mark.django_db

OURS, THEIRS = "ours-word", "theirs-word"


@dataclass
class Shared:
    """A session with a message to inbox a, one to b, and a MAIL that was refused between.

    member: of a
    """

    session: Session
    ours: Message
    theirs: Message
    member: Client


@pytest.fixture
def shared() -> Shared:
    people.administrator()
    session = factories.session(
        inbox=None, ending="quit", transactions=2, messages=2, helo="app.test"
    )
    said: list[tuple[str, str, str]] = [
        ("EHLO", "EHLO app.test", ""), ("VRFY", f"VRFY {THEIRS}@b.test", ""),
        ("MAIL", f"MAIL FROM:<{OURS}@a.test>", "a"), ("RCPT", "RCPT TO:<x@a.test>", "a"),
        ("MAIL", f"MAIL FROM:<refused-{THEIRS}@b.test>", ""),
        ("MAIL", f"MAIL FROM:<{THEIRS}@b.test>", "b"), ("RCPT", f"RCPT TO:<{THEIRS}@b.test>", "b"),
        ("QUIT", f"QUIT {THEIRS}", ""),
    ]  # fmt: skip
    found = {
        "a": _mail(session, "a", OURS),
        "b": _mail(session, "b", THEIRS),
    }
    for seq, (verb, line, slug) in enumerate(said, 1):
        of = found[slug].transaction if slug else None
        code = 550 if "refused" in line else 250
        factories.exchange(
            session, seq, verb=verb, line=line, transaction=of, code=code, reply="Ok"
        )
    member = people.signed_in(people.user("ann", a="tester"))
    return Shared(session, found["a"], found["b"], member)


def _mail(session: Session, slug: str, word: str) -> Message:
    body = f"Subject: {word}\r\n\r\n{word}\r\n".encode()
    inbox = people.an_inbox(slug)
    return factories.message(
        body, session=session, inbox=inbox, reverse_path=f"{word}@{slug}.test"
    )


@pytest.mark.parametrize(
    "path",
    ["/messages/{id}", "/messages/{id}?tab=smtp", "/messages/{id}?tab=headers",
     "/messages/{id}/case", "/messages/{id}/attempts", "/api/v3/messages/{id}",
     "/api/v3/messages/{id}/findings", "/api/v3/messages/{id}/case",
     "/api/v3/messages/{id}/attempts", "/compare?a={id}&b={id}"],
)  # fmt: skip
def test_a_member_reads_the_own_message_with_all_about_it(
    shared: Shared, path: str
) -> None:
    answer = shared.member.get(path.format(id=shared.ours.pk))
    assert answer.status_code == 200
    shown = answer.content.decode()
    assert THEIRS not in shown
    if "smtp" in path or "case" in path:
        assert "MAIL FROM" in shown
        assert "EHLO" in shown
        assert "lines are not shown" in shown
    theirs = shared.member.get(path.format(id=shared.theirs.pk))
    assert theirs.status_code == 404


def test_the_session_leads_a_member_to_the_own_message(shared: Shared) -> None:
    own = f"/messages/{shared.ours.pk}?tab=smtp"
    for path in (
        f"/sessions/{shared.session.pk}", f"/sessions/{shared.session.pk}?exchange=4",
        f"/s/{short_id(shared.session.pk, 3)}", f"/s/{short_id(shared.session.pk, 1)}",
    ):  # fmt: skip
        answer = shared.member.get(path)
        assert (answer.status_code, answer["Location"]) == (302, own), path
    for path in (
        f"/s/{short_id(shared.session.pk, 7)}", f"/sessions/{shared.session.pk}?exchange=6",
        f"/api/v3/sessions/{shared.session.pk}", f"/sessions/{shared.session.pk}/case",
        f"/sessions/{shared.session.pk}/exchanges", f"/sessions/{shared.session.pk}/replay",
    ):  # fmt: skip
        assert shared.member.get(path).status_code == 404, path


def test_what_was_refused_has_a_page_too(shared: Shared) -> None:
    refused = factories.transaction(
        session=shared.session, inbox=people.an_inbox("a"), body=b"Subject: x\r\n\r\n"
    )
    factories.exchange(shared.session, 9, verb="MAIL", transaction=refused, line=OURS)
    answer = shared.member.get(f"/s/{short_id(shared.session.pk, 9)}")
    assert answer["Location"] == f"/transactions/{refused.pk}?tab=smtp"
    shown = shared.member.get(answer["Location"]).content.decode()
    assert OURS in shown
    assert THEIRS not in shown


def test_who_is_a_member_of_neither_finds_nothing(shared: Shared) -> None:
    other = people.signed_in(people.user("bob", c="manager"))
    assert other.get(f"/sessions/{shared.session.pk}").status_code == 404
    assert other.get(f"/s/{short_id(shared.session.pk, 1)}").status_code == 404


def test_an_administrator_sees_the_whole(shared: Shared) -> None:
    root = people.signed_in(people.administrator("root2"))
    shown = root.get(f"/sessions/{shared.session.pk}").content.decode()
    assert OURS in shown
    assert THEIRS in shown
    assert Transaction.objects.filter(session=shared.session).count() == 2
