"""Fixtures for all tests: a running Mailsink, private servers."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations
from django.http import HttpRequest, HttpResponse
from hypothesis import settings as profiles

from tests import private
from tests.object_store import ObjectServer, object_server
from tests.running import Mailsink, be_template

# `make fuzz` goes on for long; a busy machine must not make an example "too slow".
profiles.register_profile("default", deadline=None)
profiles.register_profile("fuzz", deadline=None, max_examples=20_000)
profiles.load_profile("default")


def _mark_database(item: pytest.Item) -> None:
    """Mark a test that uses Django's database: those run on PostgreSQL as well."""
    fixtures = getattr(item, "fixturenames", ())
    if item.get_closest_marker("django_db") or "db" in fixtures:
        item.add_marker("database")


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let every test that really commits give back what the migrations had put in.

    Those that did not would leave rows behind which the next one's restoring meets.
    """
    restoring = pytest.mark.django_db(transaction=True, serialized_rollback=True)
    for item in items:
        _mark_database(item)
        marker = item.get_closest_marker("django_db")
        if marker and marker.kwargs.get("transaction"):
            item.add_marker(restoring, append=False)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """On SQLite the database of pytest-django is a copy of one, as those of servers are.

    That of PostgreSQL goes with its server: to drop it before would need all of its
    processes to have ended, and each takes a moment after its connection is closed.
    """
    database = settings.DATABASES["default"].get("TEST", {}).get("NAME")
    if database:
        be_template(database)
    return True


@pytest.fixture(scope="session", autouse=True)
def _empties_what_has_rows() -> None:
    """After a test that commits PostgreSQL would truncate all tables, most of which are empty.

    To truncate one makes new files for it and each of its indexes.
    """

    def sql_flush(
        self: DatabaseOperations, _style: object, tables: list[str], **_: object
    ) -> list[str]:
        names = [self.quote_name(each) for each in tables]
        filled = (
            f"SELECT {place} WHERE EXISTS (SELECT FROM {name})"
            for place, name in enumerate(names)
        )
        with self.connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(filled))
            return [f"DELETE FROM {names[place]}" for (place,) in cursor.fetchall()]

    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign, assignment]


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> None:
    """Pages name static files by their hashes, which are known once collected.

    Each client of a test has middleware of its own, which would look for them again: that
    takes as long as a page.
    """
    from mailsink.web.assets import Assets
    from mailsink.web.static import collect

    collect()
    found = Assets(_unused).files

    def add_files(self: Assets, _root: str, prefix: str | None = None) -> None:
        self.files.update(found)

    Assets.add_files = add_files  # type: ignore[method-assign, assignment]


def _unused(_: HttpRequest) -> HttpResponse:
    return HttpResponse()


@pytest.fixture(scope="session", autouse=True)
def _no_contexts(django_test_environment: None) -> None:
    """No test asks what its pages were rendered with, which Django would copy for each part."""
    from django.template import Template
    from django.test.utils import _TestState

    Template._render = _TestState.saved_data.template_render  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def _no_open_connections() -> Iterator[None]:
    """No thread keeps a connection once the database of the tests is to be removed."""
    from inbox.storage import threads

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "CALM", 0.01)
        yield


@pytest.fixture(autouse=True)
def _no_accounts() -> None:
    """No accounts are known of, and no query looks for them, until a user is stored.

    And nobody has failed to get in: a quick test meets the counts of those before it.
    """
    from django.core.cache import cache

    from inbox.access import accounts, current, wrong_tokens

    accounts.forget(due_in=math.inf)
    current.leave()
    wrong_tokens.forget()
    cache.clear()


@pytest.fixture(autouse=True)
def _no_slugs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test knows the inboxes of another one, whose rows were rolled back."""
    from inbox.mailbox import inboxes

    monkeypatch.setattr(inboxes, "_slugs", {})
    monkeypatch.setattr(inboxes, "_keys", {})


@pytest.fixture(autouse=True)
def _no_policies() -> Iterator[None]:
    """No policy of an earlier test, which lives until a garbage collection, hears of a change.

    Each would read its inbox again: dozens of them make a change slow.
    """
    yield
    from inbox.mailbox import inboxes
    from inbox.rules import rulebook

    for signal in (inboxes.changed, rulebook.rules_changed):
        for _, of, *_more in list(signal.receivers):
            if inspect.ismethod(heard := of()):
                signal.disconnect(heard)


def _ended(server: Mailsink) -> None:
    """Stop a server, which must not have written a traceback."""
    server.stop()
    assert "Traceback" not in server.stderr, server.stderr
    if server.proxy:
        assert server.proxy.beside == []


@pytest.fixture(scope="module")
def mailsink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    """A running Mailsink that the tests of one module share."""
    server = Mailsink(tmp_path_factory.mktemp("mailsink"))
    yield server
    _ended(server)


@pytest.fixture
def start_mailsink(tmp_path: Path) -> Iterator[Callable[..., Mailsink]]:
    """Starts a Mailsink of the test's own: start_mailsink(*flags, **variables).

    Variables are MAILSINK_'s, named without it. All use the same data folder, which
    starts empty with fresh=True.
    """
    started: list[Mailsink] = []

    def start(*flags: str, fresh: bool = False, **variables: str) -> Mailsink:
        started.append(Mailsink(tmp_path / "data", *flags, fresh=fresh, **variables))
        return started[-1]

    yield start
    for server in started:
        _ended(server)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A private PostgreSQL."""
    with private.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A private Redis."""
    with private.redis() as url:
        yield url


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectServer]:
    """A private S3 server, whose credentials are in the environment."""
    with object_server() as server:
        yield server
