"""GET messages/<id>/screenshot: a picture by Chromium, which runs and loads nothing."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings

from inbox.http import screenshots
from tests import factories
from tests.api.conftest import Api
from tests.programs import program

pytestmark = pytest.mark.django_db

HTML = """<style>body {{ margin: 0; background: #f00 }}
@media (prefers-color-scheme: dark) {{ body {{ background: #00f }} }}</style>
<div style="height: 700px"></div>
<img src="{url}/image.png"><link rel=stylesheet href="{url}/a.css">
<script>document.body.style.background = '#0f0'; fetch('{url}/script')</script>
<iframe src="{url}/frame"></iframe><meta http-equiv=refresh content="0;url={url}/moved">"""


class _Tracker(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def tracker() -> Iterator[str]:
    _Tracker.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Tracker)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def use(monkeypatch: pytest.MonkeyPatch, chromium: str) -> None:
    config = settings.CONFIG
    fields = {name: getattr(config, name) for name in config.__slots__}
    using = type(config)(**fields | {"chromium": chromium})
    monkeypatch.setattr(settings, "CONFIG", using)


@pytest.fixture
def _chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, program("chromium", "chromium"))
    monkeypatch.setattr(screenshots, "_SECONDS", 150.0)  # other tests may go first
    screenshots._pictures.clear()


def first_pixel(png: bytes) -> tuple[int, int, tuple[int, ...]]:
    """Return width, height and the colour of the first pixel (RFC 2083, filter 0 to 4)."""
    width, height, _depth, kind = struct.unpack(">IIBB", png[16:26])
    data, place = b"", 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + length]
        place += length + 12
    assert kind in (2, 6)
    return width, height, tuple(zlib.decompress(data)[1:4])


@pytest.mark.usefixtures("_chromium")
def test_a_picture_of_what_the_frame_shows(api: Api, tracker: str) -> None:
    html = HTML.format(url=tracker)
    head = "Content-Type: text/html\r\n\r\n"
    path = f"messages/{factories.message(f'{head}{html}'.encode()).pk}/screenshot"
    light = api.response("GET", f"{path}?width=375")
    assert light["Content-Type"] == "image/png"
    width, height, colour = first_pixel(light.content)
    assert (width, colour) == (375, (255, 0, 0))
    assert 700 < height < 1000  # all of it, and not more
    again = api.client.get(
        f"/api/v3/{path}?width=375", headers={"if-none-match": light["ETag"]}
    )
    assert again.status_code == 304
    dark = api.response("GET", f"{path}?width=375&scheme=dark")
    assert first_pixel(dark.content)[2] == (0, 0, 255)
    assert dark["ETag"] != light["ETag"]
    assert _Tracker.asked == []


@pytest.mark.parametrize("query", ["width=99", "width=2001", "width=x", "scheme=blue"])
def test_what_is_refused(api: Api, query: str) -> None:
    api("GET", f"messages/{factories.message().pk}/screenshot?{query}", status=422)


def test_without_chromium(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "/nowhere/chromium")
    screenshots._pictures.clear()
    told = api("GET", f"messages/{factories.message().pk}/screenshot", status=501)
    assert told["detail"].startswith("Chromium took no picture: ")


def test_a_browser_that_hangs(
    api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A mail may keep its browser busy: others get their pictures all the same."""
    hanging, pids = tmp_path / "chromium", tmp_path / "pids"
    hanging.write_text(f"#!/bin/sh\necho $$ >> {pids}\nexec sleep 300\n")
    hanging.chmod(0o700)
    pids.touch()
    use(monkeypatch, str(hanging))
    monkeypatch.setattr(screenshots, "_SECONDS", 2.0)
    screenshots._pictures.clear()
    found = api("GET", f"messages/{factories.message().pk}/screenshot", status=501)
    assert found["detail"] == "Chromium took no picture within 2 seconds"
    assert not screenshots._taking.locked()
    assert not [each for each in pids.read_text().split() if Path("/proc", each).exists()]  # fmt: skip


def test_only_some_wait(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screenshots._asked, "_value", 0)
    screenshots._pictures.clear()
    api("GET", f"messages/{factories.message().pk}/screenshot", status=503)
