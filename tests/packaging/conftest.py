"""The wheel, built once."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.installed import Installed, build


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this clone."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the wheel is unpacked, as pip does it."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def server(
    unpacked: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installed]:
    """The wheel's Mailsink as `mailpit`, with the variables that compose files set."""
    folder = tmp_path_factory.mktemp("empty")
    started = Installed(
        unpacked,
        folder,
        "--verbose",
        MP_SMTP_BIND_ADDR="127.0.0.1:0",
        MP_UI_BIND_ADDR="127.0.0.1:0",
        MP_DATABASE=str(folder / "data" / "mailpit.db"),
        MP_SMTP_AUTH_ACCEPT_ANY="1",
        MP_SMTP_AUTH_ALLOW_INSECURE="1",
        MP_MAX_MESSAGES="500",
        MP_WEBROOT="/q/mailpit/",
        MAILSINK_LISTEN="all",  # as in the image
    )
    yield started
    assert started.stop() == 0
    assert "Traceback" not in started.stderr, started.stderr
