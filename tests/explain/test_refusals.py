"""Every refusal that Mailsink can send is explained, with its fix."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from inbox import explain
from inbox.explain import client_terms
from inbox.explain.refusal_words import REFUSALS
from inbox.explain.refusals import known_as
from inbox.insight.findings.clients import NAMES
from mailsink.smtp.protocol import replies
from mailsink.smtp.protocol.replies import Reply
from tests.translated import catalog

# Arguments for the functions of the catalogue, by their types.
_GIVEN: dict[Any, Any] = {
    str: "word",
    int: 7,
    float: 7.0,
    object: "word",
    Iterable[str]: ["ann@example.com", "bob@example.com"],
    Sequence[str]: ["ann@example.com", "bob@example.com"],
}


def catalogue() -> Iterator[tuple[str, Reply]]:
    """Yield every reply of the catalogue, by its name there."""
    for name, value in vars(replies).items():
        if isinstance(value, Reply):
            yield name, value
        elif inspect.isfunction(value) and value.__module__ == replies.__name__:
            types = typing.get_type_hints(value)
            if types.pop("return") is Reply:
                yield name, value(*(_GIVEN[each] for each in types.values()))


def exchange(
    code: int | None, enhanced: str = "", reply: str = "", rule: str = ""
) -> Any:
    """Return what is stored of an exchange, as far as an explanation needs it."""
    return SimpleNamespace(code=code, enhanced=enhanced, reply=reply, rule=rule)


def sent(reply: Reply, rule: str = "") -> Any:
    """Return what is stored of an exchange that had this reply."""
    return exchange(reply.code, reply.enhanced, "\n".join(reply.lines()), rule)


REFUSED = {name: reply for name, reply in catalogue() if reply.code >= 400}


def test_the_catalogue_is_walked() -> None:
    assert {"AUTH_REQUIRED", "bad_hello", "unknown_user", "ambiguous"} <= REFUSED.keys()


@pytest.mark.parametrize("name", REFUSED)
def test_every_refusal_has_words_of_its_own(name: str) -> None:
    row = sent(REFUSED[name])
    key = known_as(row)
    assert key.startswith(f"{row.code} {row.enhanced} "), (
        f"{name} has no entry in refusal_words.py: {row.reply}"
    )
    advice = explain.advice(row)
    assert advice
    for sentence in (advice.why, advice.fix):
        assert sentence[:1].isupper(), sentence
        assert sentence.endswith((".", ").")), sentence
    assert advice.why != advice.fix


def test_every_word_is_of_use() -> None:
    used = {known_as(sent(reply)) for reply in REFUSED.values()}
    general = {key for key in REFUSALS if not any(map(str.isalpha, key))}
    assert REFUSALS.keys() - used - general == set()


def test_each_is_marked_for_translation() -> None:
    texts = {
        text
        for words in REFUSALS.values()
        for text in (words.why, words.fix, words.short)
    }
    assert texts - {""} <= catalog()


def test_lmtp_names_the_recipient_first() -> None:
    row = sent(replies.DISK_FULL.to("ann@example.com"))
    assert known_as(row) == known_as(sent(replies.DISK_FULL))


def test_a_reply_that_an_address_asks_for_names_the_address() -> None:
    unknown = Reply(550, "5.1.1", ("There is no such user here, as rcpt550 asks",))
    advice = explain.advice(sent(unknown, "address rcpt550@example.com"))
    assert advice is not None
    assert advice.why == "The address rcpt550@example.com asks for this reply."
    assert "Settings" in advice.fix
    advice = explain.advice(sent(unknown, "#12 gone"))
    assert advice is not None
    assert advice.why == "The rule “#12 gone” gave this reply."


def test_a_reply_of_a_rule_names_the_rule() -> None:
    advice = explain.advice(sent(Reply(450, "4.2.0", ("Later",)), rule="grey"))
    assert advice
    assert "“grey”" in advice.why
    assert "rule" in advice.fix


def test_a_setting_that_answers_is_named_by_its_own_words() -> None:
    advice = explain.advice(sent(replies.PAUSED, rule="pause of inbox default"))
    assert advice
    assert "paused" in advice.why
    assert "Resume" in advice.fix


@pytest.mark.parametrize("code", [421, 432, 499, 521, 556, 599, 600])
def test_an_unknown_refusal_is_explained_by_its_first_digit(code: int) -> None:
    for reply in (f"{code} x", f"{code}", "", "<" * 5000, f"{code} 5.0.0 <x> " * 999):
        assert explain.advice(exchange(code, reply=reply))


def test_only_refusals_need_a_fix() -> None:
    assert explain.advice(sent(replies.BYE)) is None
    assert explain.advice(exchange(None)) is None


@pytest.mark.parametrize(
    ("reply", "client", "words"),
    [
        (replies.TLS_ON_PLAIN, "nodemailer", "secure: false"),
        (replies.PLAIN_ON_TLS, "django", "EMAIL_USE_SSL = True"),
        (replies.AUTH_REQUIRED, "phpmailer", "SMTPAuth"),
        (replies.AUTH_REQUIRED, "neomutt", "smtp_pass"),
        (replies.bad_hello("it is empty"), "swaks", "--helo"),
        (replies.BARE_NEWLINES, "curl", "--crlf"),
        (replies.BARE_NEWLINES, "", ""),
        (replies.PAUSED, "django", ""),
    ],
)
def test_the_fix_in_the_terms_of_the_client(
    reply: Reply, client: str, words: str
) -> None:
    advice = explain.advice(sent(reply), client)
    assert advice
    assert words in advice.setting
    assert bool(words) == bool(advice.setting)


def test_the_terms_are_of_clients_that_are_recognised() -> None:
    topics = {words.terms for words in REFUSALS.values()} - {""}
    assert topics == client_terms.TOPICS.keys()
    assert {
        key for topic in client_terms.TOPICS.values() for key in topic
    } <= NAMES.keys()
