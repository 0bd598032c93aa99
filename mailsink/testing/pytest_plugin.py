"""A pytest plugin: `pytest_plugins = ["mailsink.testing.pytest_plugin"]` in conftest.py.

Fixtures: `mailsink`, a private server for the session (one for each worker of
pytest-xdist), and `mail`, the mail of the test. Meanwhile, Django's mail settings point
to the server.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from mailsink.testing.caught_mail import Mail
from mailsink.testing.django_mail import mail_settings
from mailsink.testing.private_server import PrivateServer

_mail = pytest.StashKey[Mail]()


@pytest.fixture(scope="session")
def mailsink() -> Iterator[PrivateServer]:
    """A private Mailsink for this session."""
    with PrivateServer() as server:
        yield server


@pytest.fixture
def mail(
    mailsink: PrivateServer,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Mail:
    """The mail that arrives while the test runs."""
    _lead_django_to(mailsink, monkeypatch)
    made = Mail(mailsink.url, mailsink.smtp)
    request.node.stash[_mail] = made
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the SMTP dialogue to the report of a failed test."""
    report = yield
    made = item.stash.get(_mail, None)
    if made is not None and report.when == "call" and report.failed:
        report.sections.append(("SMTP dialogue", _transcript(made)))
    return report


def _transcript(made: Mail) -> str:
    try:
        return made.transcript() or "No client has connected."
    except Exception as error:  # the report of the test matters more than ours
        return f"It cannot be had: {error}"


def _lead_django_to(server: PrivateServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make Django send its mail to the server, if the project uses Django."""
    try:
        from django.conf import settings
    except ImportError:
        return
    if not settings.configured:
        return
    for name, value in mail_settings(settings, *server.smtp).items():
        monkeypatch.setattr(settings, name, value, raising=False)
