"""The full text of messages, on whichever database the tests run."""

from __future__ import annotations

import base64
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import islice, product
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from inbox.mailbox import messages, purge
from inbox.mailbox.scope import ALL
from inbox.models import Message, SearchText
from inbox.search import language
from inbox.search.fulltext import tokens as tokenizer
from inbox.search.fulltext.tokens import is_beginning, tokens
from inbox.search.language import BadQuery
from inbox.upkeep import indexer
from tests import factories

pytestmark = pytest.mark.django_db
JAPANESE = "日本語の件名 \uff21\uff22\uff23"  # and ABC, full width


def mail(subject: str, body: str = "", html: str = "", sender: str = "") -> bytes:
    message = EmailMessage()
    message["From"] = sender or "Shop <shop@shop.test>"
    message["To"] = "Ann Example <ann@example.com>"
    message["Cc"] = "Carl <carl@team.example>"
    message["Message-ID"] = "<20261126.abc@shop.test>"
    message["Subject"] = subject
    message.set_content(body or "nothing\n")
    if html:
        message.clear_content()
        message.set_content(html, subtype="html")
    message.add_attachment(
        b"x", maintype="text", subtype="csv", filename="Prices 2026.csv"
    )
    return message.as_bytes()


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an index be small or large: both answer alike."""
    if request.param == "large":
        monkeypatch.setattr("inbox.search.fulltext.newest._SMALL", 0)


def index_all() -> None:
    while indexer.index_some():
        pass


def found(q: str) -> list[str]:
    return sorted(each.subject for each in messages.find(ALL, q).items)


def test_a_whole_address_finds_itself_alone() -> None:
    factories.inbox()
    near = (
        "Ann@Example.com",
        "joann@example.com",
        "b.ann@example.com",
        "ann@example.com.au",
    )
    for each in near:
        factories.message(
            b"From: %b\r\nTo: %b\r\nCc: %b\r\nSubject: %b\r\n\r\n"
            % ((each.encode(),) * 4),
            reverse_path=f"{each}.bounce.test",
            recipients=[f"{each}.env.test"],
        )
    for _ in range(2):  # before they are indexed, and after
        for field in ("from", "to", "cc"):
            assert found(f"{field}:ann@example.com") == ["Ann@Example.com"]
            assert len(found(f"{field}:ann@exam")) == 3  # a beginning finds more
        assert found("from:ann@example.com.bounce.test") == ["Ann@Example.com"]
        assert found("to:ann@example.com.env.test") == ["Ann@Example.com"]
        assert found("bcc:ann@example.com.env.test") == ["Ann@Example.com"]
        index_all()


def test_a_whole_address_with_letters_beyond_ascii_finds_itself_alone() -> None:
    factories.inbox()
    for each in ("jörg@bücher.example", "xjörg@bücher.example"):
        mail = f"To: {each}\r\nSubject: {each}\r\n\r\n".encode()
        factories.message(mail, recipients=[f"{each}.test"])
    index_all()
    assert found("to:JÖRG@bücher.example") == ["jörg@bücher.example"]
    assert found("to:jörg@bücher.example.test") == ["jörg@bücher.example"]


@pytest.fixture(params=["waiting", "indexed"])
def stored(request: pytest.FixtureRequest, size: None) -> str:
    """Three messages, before they are indexed and after: both answer alike."""
    factories.inbox()
    factories.message(
        mail("Größere Rechnung", "Zahlbar bis Freitag"), reverse_path="bounce@mta.test"
    )
    factories.message(mail("Newsletter", sender="Jörg Müller <jm@example.net>"))
    factories.message(mail(JAPANESE), recipients=["hidden@bcc.test"])
    if request.param == "indexed":
        index_all()
    return str(request.param)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("rechnung", ["Größere Rechnung"]),
        ("GROSSERE", ["Größere Rechnung"]),
        ("grossere", ["Größere Rechnung"]),
        ("größere", ["Größere Rechnung"]),
        ("grö", ["Größere Rechnung"]),
        ("rech", ["Größere Rechnung"]),
        ("echnung", []),
        ("rechnungen", []),
        ('"größere rechnung"', ["Größere Rechnung"]),
        ('"rechnung größere"', []),
        ("subject:rechnung", ["Größere Rechnung"]),
        ("subject:müller", []),
        ("from:muller", ["Newsletter"]),
        ("from:jm@", ["Newsletter"]),
        ("from:jm@example.net", ["Newsletter"]),
        ("from:bounce@mta", ["Größere Rechnung"]),
        ("from:ann@example.com", ["Newsletter", JAPANESE]),
        ("to:hidden", [JAPANESE]),
        ("to:bcc.test", [JAPANESE]),
        ("cc:carl", ["Größere Rechnung", "Newsletter", JAPANESE]),
        ("cc:ann", []),
        ("日本", [JAPANESE]),
        ("本日", []),
        ("abc 語", [JAPANESE]),
        ("-newsletter", ["Größere Rechnung", JAPANESE]),
        ("newsletter OR rechnung", ["Größere Rechnung", "Newsletter"]),
        (
            "20261126.abc@shop.test is:unread -newsletter -rechnung",
            [JAPANESE],
        ),
    ],
)
def test_words(stored: str, q: str, expected: list[str]) -> None:
    assert found(q) == expected


def test_the_body_is_known_once_it_is_indexed() -> None:
    factories.message(mail("Text", "The needle is here.\n"))
    factories.message(
        mail("HTML", html="<style>.needle{}</style><p>A <b>nee</b>dle &amp; thread</p>")
    )
    factories.message(mail("None"))
    assert found("needle") == []
    index_all()
    assert found("needle") == ["HTML", "Text"]
    assert found('"needle thread"') == ["HTML"]
    assert found("prices") == ["HTML", "None", "Text"]


@pytest.mark.django_db(transaction=True)
def test_words_of_enclosed_messages_are_found() -> None:
    inner = (
        b"Subject: =?utf-8?q?K=C3=BCrbis?=\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
        b"--i\r\n\r\nzucchini\r\n--i\r\nContent-Type: image/png; name=rhubarb.png\r\n\r\nx\r\n--i--"
    )
    factories.message(
        b"Subject: fwd\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nsee below\r\n"
        b"--o\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(inner) + b"--o--\r\n"
    )  # fmt: skip
    index_all()
    for word in ("kürbis", "zucchini", "rhubarb.png"):
        assert found(word) == ["fwd"]


def test_a_letter_alone_is_no_beginning() -> None:
    factories.message(mail("a plan b"))
    index_all()
    assert found("b") == ["a plan b"]
    assert found("p") == []
    assert found("pl") == ["a plan b"]


@pytest.mark.parametrize(
    "q",
    ['"', "NEAR", "a NEAR b", "AND", "NOT", "*", "a*", "^a", "subject:*", "(", "{a}", "a:b:c",
     "''", "\\", "%", "_", "😀", "a\u0301", "x" * 900, "- -", "''::tsquery", "a & b | !c",
     " ".join("abcde"[i % 5] for i in range(29)), "\u202e\u200b", "ﬁ", "Ⅷ", "x\udc00y"[:1]],
)  # fmt: skip
def test_hostile_queries_find_or_are_refused(q: str) -> None:
    factories.message(mail("a b c"))
    index_all()
    with suppress(BadQuery):
        found(q)


def test_what_has_no_letters_is_found_all_the_same() -> None:
    factories.message(mail("Done 🎉"))
    factories.message(mail("100 %"))
    index_all()
    assert found("🎉") == ["Done 🎉"]
    assert found("subject:%") == ["100 %"]


def test_older_messages_are_caught_up_with() -> None:
    made = [factories.message(mail(f"Old needle {number}")) for number in range(4)]
    index_all()
    SearchText.objects.filter(message__in=made[:3]).delete()
    with patch.object(indexer, "_AT_ONCE", 2):
        assert indexer.catch_up(before=made[2].pk) == [made[1].pk, made[0].pk]
        assert indexer.catch_up() == [made[2].pk]
    assert not indexer.catch_up()
    assert len(found("needle")) == 4


def test_messages_of_the_same_instant_are_all_indexed() -> None:
    """Several processes number them alike where the clock is put back."""
    now = 1_800_000_000_000 << 80
    for number in range(12):
        id = UUID(int=now | 0x7000 + number // 3 << 64 | 1 << 63 | number)
        factories.message(mail(f"Needle {number}"), id=id)
    while indexer.index_some(2):
        pass
    assert len(found("needle")) == 12
    assert SearchText.objects.count() == 12


def test_what_is_purged_is_forgotten() -> None:
    gone, kept = (
        factories.message(mail("Gone needle")),
        factories.message(mail("Kept needle")),
    )
    index_all()
    assert purge.purge(Message.objects.filter(pk=gone.pk), "count") == 1
    assert found("needle") == ["Kept needle"]
    assert [each.message_id for each in SearchText.objects.all()] == [kept.pk]


def test_a_long_text_is_indexed_as_far_as_its_cap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.message(mail("Long", "early " + "filler " * 40_000 + "late\n"))
    index_all()
    assert found("early") == ["Long"]
    assert found("late") == []
    assert len(tokens("a " * 30_000)) == tokenizer.MOST


_WORDS = st.sampled_from(
    ["alpha", "alphabet", "beta", "béta", "ALPHA", "日本", "x1", "1x", "a", "ein-zwei", "e5", "0x1f", "_", "ß", "ﬁn"]
)  # fmt: skip
_TEXTS = st.lists(_WORDS, max_size=6).map(" ".join)


def has_phrase(text: list[str], phrase: list[str]) -> bool:
    """Whether a text has the tokens of a phrase side by side; the last may go on."""
    *firsts, last = phrase
    for start in range(len(text) - len(firsts)):
        end = start + len(firsts)
        goes_on = is_beginning(last) and text[end].startswith(last)
        if text[start:end] == firsts and (goes_on or text[end] == last):
            return True
    return False


@patch("inbox.search.fulltext.newest._SMALL", 0)
class AgreementTest(TestCase):
    """The index finds what the tokens say, and nothing else."""

    @settings(max_examples=60, deadline=None)
    @given(st.lists(_TEXTS, min_size=1, max_size=4), _TEXTS)
    def test_index_agrees_with_tokens(self, subjects: list[str], phrase: str) -> None:
        factories.inbox()
        for subject in subjects:
            factories.message(b"\r\n", subject=subject)
        index_all()
        if not tokens(phrase):
            return
        wanted = [each for each in subjects if has_phrase(tokens(each), tokens(phrase))]
        assert found(f'subject:"{phrase}"') == sorted(wanted)
        lacking = Counter(subjects) - Counter(wanted)
        assert found(f'-subject:"{phrase}"') == sorted(lacking.elements())


def test_more_words_than_a_database_takes_keep_no_other_mail_from_the_index() -> None:
    """PostgreSQL takes 1 MB of them, and refuses the whole step of the indexer otherwise."""
    # In their normal form, each of these is four letters of two octets.
    ligatures = "\ufdf2\ufdf3\ufdf4\ufdf5\ufdf6\ufdf7\ufdf8"
    words = ["".join(each) for each in islice(product(ligatures, repeat=16), 9000)]
    head = "Subject: many\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    factories.imported((head + "\r\n".join(words)).encode())
    factories.imported(mail("small", "hello"))
    index_all()
    assert found("hello") == ["small"]
    assert found(words[0]) == ["many"]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("alpha OR beta", "beta 5"),
        ("beta OR alpha", "beta 5"),
        ("beta OR subject:alpha", "beta 5"),
        ("alpha OR beta is:pinned", "beta 1"),
        ("alpha OR -beta", "gamma 6"),
        ("gamma OR beta -subject:beta", "gamma 6"),
    ],
)
def test_any_of_words_that_very_many_have(
    q: str, expected: str, monkeypatch: pytest.MonkeyPatch, size: None
) -> None:
    monkeypatch.setattr("inbox.search.fulltext.query.NEWEST", 2)
    for number, word in enumerate(["alpha", "beta"] * 3 + ["gamma"]):
        factories.message(mail(f"{word} {number}"), pinned=number < 2)
    index_all()
    # One is looked for beyond the page: the two newest hits are enough.
    (newest,) = messages.find(ALL, q, limit=1).items
    assert newest.subject == expected


@pytest.mark.parametrize("words", [0, 2, 3, 7])
def test_a_beginning_of_few_words_and_of_many(
    words: int, monkeypatch: pytest.MonkeyPatch, size: None
) -> None:
    monkeypatch.setattr("inbox.search.fulltext.query._MOST_WORDS", 3)
    for number in range(words):
        factories.message(mail(f"new alpha{number}", sender=f"Beta{number} <b@c.test>"))
    factories.message(mail("new alph", "alpine"))
    factories.message(mail("alphb"))
    factories.message(mail("alpine xalpha"))
    index_all()
    alphas = [f"new alpha{number}" for number in range(words)]
    for most in (500, 2):  # messages that are read
        monkeypatch.setattr("inbox.search.fulltext.query.MOST_READ", most)
        assert [
            each.subject for each in messages.find(ALL, "alpha", limit=1).items
        ] == alphas[-1:]
    assert found("alpha") == found('"new alpha"') == found("subject:alpha") == alphas
    assert found("from:beta") == found("beta alpha") == alphas
    assert found("from:alpha") == found("subject:beta") == []
    assert found("alph") == sorted([*alphas, "new alph", "alphb"])


@pytest.mark.parametrize("first_look", [2, 20_000])
def test_what_lacks_a_word_whatever_waits_for_the_index(
    first_look: int, monkeypatch: pytest.MonkeyPatch, size: None
) -> None:
    monkeypatch.setattr("inbox.search.fulltext.newest._MOST_LACKING", 3)
    monkeypatch.setattr("inbox.search.fulltext.newest._FIRST_LOOK", first_look)

    def came(words: str) -> None:
        for each in words.split():
            factories.message(mail(f"{each} {Message.objects.count()}"))

    def first(q: str, limit: int = 2) -> list[str]:
        return [each.subject for each in messages.find(ALL, q, limit=limit).items]

    came("alpha alpha")
    index_all()
    assert first("-alpha") == first("-alpha alpha") == []
    came("beta alpha")
    assert first("-alpha") == first("-alpha beta") == ["beta 2"]  # which waits
    index_all()
    assert first("-alpha") == ["beta 2"]
    assert first("-beta", 5) == ["alpha 3", "alpha 1", "alpha 0"]
    came("gamma beta beta beta beta alpha")
    assert first("-alpha") == ["beta 8", "beta 7"]
    assert first("-alpha", 9) == [
        *(f"beta {at}" for at in (8, 7, 6, 5)),
        "gamma 4",
        "beta 2",
    ]
    assert first("-alpha -beta") == ["gamma 4"]  # older than those that are looked at
    index_all()
    assert first("-alpha -beta") == ["gamma 4"]
    assert first("-alpha is:deleted") == []
    Message.objects.filter(subject="gamma 4").update(deleted_at=datetime.now(UTC))
    assert first("-alpha -beta") == []
    assert first("-alpha -beta is:deleted") == ["gamma 4"]

    came("alpha alpha alpha")
    index_all()
    came("beta gamma gamma gamma")
    assert first("-gamma") == ["beta 13", "alpha 12"]


def test_what_lacks_a_word_and_is_still_missing_in_the_index(
    monkeypatch: pytest.MonkeyPatch, size: None
) -> None:
    """Large messages of a store that was moved, and all of before there was an index."""
    monkeypatch.setattr("inbox.search.fulltext.newest._seen_whole", False)
    monkeypatch.setattr("inbox.search.fulltext.newest._look_from", 0.0)
    made = [factories.message(mail(f"{each} x")) for each in ("alpha", "beta", "gamma")]
    index_all()
    SearchText.objects.filter(message=made[1]).delete()
    with CaptureQueriesContext(connection) as asked:
        assert found("-alpha") == found("-alpha -delta") == ["beta x", "gamma x"]
        assert messages.count(ALL, "-alpha", 9) == 2
    assert sum("count(*) FROM inbox_searchtext" in each["sql"] for each in asked) < 2
    assert indexer.catch_up() == [made[1].pk]
    assert found("-beta") == ["alpha x", "gamma x"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="gives no newest hits first")
@pytest.mark.parametrize(
    ("q", "is_sooner"),
    [
        ("alpha", True),
        ("from:ann@example.com", True),
        ("header:x-a:b bcc:ann", True),
        ("alpha OR beta", True),
        ("bcc:ann", False),
        ("header:message-id:x", False),
        ('subject:"\N{RIGHTWARDS ARROW}"', False),
        ('"!!!" is:unread', False),
    ],
)
def test_the_newest_are_looked_for_alone_where_the_index_knows_them(
    q: str, is_sooner: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one search looked through all that is stored twice."""
    monkeypatch.setattr("inbox.search.fulltext.newest._SMALL", 0)
    factories.message(mail("alpha"))
    index_all()
    assert (language.newest_messages(language.parse(q)) is not None) == is_sooner


@pytest.mark.parametrize(
    "q", ["alpha", "alph", "alpha OR beta", "-alpha", "-beta alph", "is:unread alpha"]
)
def test_pages_of_a_word_that_very_many_have(
    q: str, monkeypatch: pytest.MonkeyPatch, size: None
) -> None:
    for name, most in (
        ("query.NEWEST", 3),
        ("query._MOST_WORDS", 2),
        ("query.MOST_READ", 4),
        ("newest._MOST_LACKING", 3),
        ("newest._FIRST_LOOK", 2),
    ):
        monkeypatch.setattr(f"inbox.search.fulltext.{name}", most)
    for number in range(24):
        factories.message(
            mail(["alpha", "alphabet alpha", "beta", "alphorn"][number % 4])
        )
        if number == 20:  # the last ones wait
            index_all()
    everything = [each.pk for each in messages.find(ALL, q).items]
    pages: list[UUID] = []
    cursor = None
    while page := messages.find(ALL, q, cursor, limit=2):
        pages += [each.pk for each in page.items]
        if (cursor := page.next) is None:
            break
    assert pages == everything
    assert messages.count(ALL, q, 4) == 4


@pytest.mark.parametrize(
    "q", ["alpha -is:pinned", "alpha OR beta -is:pinned", "from:shop -is:pinned"]
)
def test_what_waits_longest_lets_no_page_skip_others(
    q: str, monkeypatch: pytest.MonkeyPatch, size: None
) -> None:
    """A large message waits while its store is down, and newer ones are indexed."""
    monkeypatch.setattr("inbox.search.fulltext.query.NEWEST", 3)
    made = [factories.message(mail("alpha"), pinned=at > 4) for at in range(10)]
    index_all()
    Message.objects.filter(pk__in=[each.pk for each in made[:2]]).update(
        indexed_at=None
    )
    SearchText.objects.filter(message__in=made[:2]).delete()
    pages: list[UUID] = []
    cursor = None
    while page := messages.find(ALL, q, cursor, limit=1):
        pages += [each.pk for each in page.items]
        if (cursor := page.next) is None:
            break
    assert pages == [each.pk for each in reversed(made[:5])]
    assert len(pages) >= 5
    assert messages.count_entries(ALL, q, 3) == 3
    assert messages.count_entries(ALL, q, 1000) == len(pages)


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_the_newest_hits_of_a_beginning_come_without_all_the_others() -> None:
    with connection.cursor() as cursor:
        add_hits(cursor, 400_000)

        def by_beginning() -> None:
            cursor.execute(
                "SELECT rowid FROM inbox_searchindex WHERE inbox_searchindex MATCH 'common*'"
                " ORDER BY rowid DESC LIMIT 2000"
            )
            cursor.fetchall()

        def first() -> None:
            messages.find(ALL, "subject:common", limit=1)

        factories.inbox()
        factories.message(mail("common"))
        factories.message(mail("commons"))
        index_all()
        assert processor_time(first) < processor_time(by_beginning) / 2


def add_hits(cursor: CursorWrapper, number: int) -> None:
    """Put texts with the word `common` into SQLite's index, without their messages."""
    cursor.execute(
        "WITH RECURSIVE n(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM n LIMIT %s)"
        " INSERT INTO inbox_searchindex (rowid, subject) SELECT n, 'common' FROM n",
        [number],
    )


def processor_time(work: Callable[[], None]) -> float:
    """Return the seconds of processor time that work takes, the least of several."""
    took = []
    for _ in range(5):
        began = time.thread_time()
        work()
        took.append(time.thread_time() - began)
    return min(took)


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_the_few_that_lack_a_word_are_found_without_a_walk_over_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("inbox.search.fulltext.newest._FIRST_LOOK", 2)
    with connection.cursor() as cursor:
        add_hits(cursor, 50_000)

        def walk() -> None:
            cursor.execute(
                "SELECT id FROM inbox_searchindex_docsize EXCEPT SELECT rowid"
                " FROM inbox_searchindex WHERE inbox_searchindex MATCH 'common'"
            )
            cursor.fetchall()

        for word in ("common", "other"):
            factories.message(mail(word))
        index_all()
        assert found("-subject:common") == ["other"]
        assert steps(lambda: found("-subject:common")) < steps(walk) / 2


def steps(work: Callable[[], object]) -> int:
    """Return the hundreds of steps of SQLite's virtual machine that work takes."""
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += 1

    assert connection.connection
    connection.connection.set_progress_handler(count, 100)
    try:
        work()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return counted
