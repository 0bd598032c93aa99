"""Large bodies as objects, in a real S3 server; and what is said where there is none."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser

from inbox.capture.recorder import Recorder
from inbox.mailbox import purge
from inbox.models import Message, Raw
from inbox.storage import body_store, object_storage, setup
from inbox.storage.object_storage import ObjectStorage
from inbox.storage.store_gate import StoreDown
from inbox.upkeep import extraction, indexer, orphans
from mailsink.conf import CONFIG, ConfigError
from mailsink.ports import Refused, Stored
from mailsink.raw_urls import parse
from mailsink.smtp.protocol import events
from tests.mails import HELLO
from tests.object_store import ObjectServer
from tests.recording import Client, play

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

LARGE = HELLO * 1000
LARGE_ENOUGH = 2**20  # to be read in a process beside
NOW = timedelta()
Use = Callable[..., ObjectStorage]


@pytest.fixture
def use(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Use]:
    """Has large bodies go where a URL says."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(object_storage, "_CONNECT", 0.3)
    monkeypatch.setattr(object_storage, "_READ", 0.3)

    def use(url: str, secret: str = "our secret") -> ObjectStorage:
        settings.STORAGES = settings.STORAGES | {
            "objects": {
                "BACKEND": "inbox.storage.object_storage.ObjectStorage",
                "OPTIONS": {"store": parse(url), "secret": secret},
            }
        }
        store = body_store.objects()
        assert store is not None
        return store

    return use


@pytest.fixture
def url(object_store: ObjectServer) -> str:
    return object_store.bucket()


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a store that takes connections, and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        yield f"s3://mail?endpoint=http://127.0.0.1:{port}&region=us-east-1"


def store_large(tmp_path: Path) -> Stored | Refused:
    """Have the recorder store a message whose body is a file."""
    spooled = tmp_path / f"body-{uuid4().hex}"
    spooled.write_bytes(LARGE)

    async def scenario(recorder: Recorder) -> Stored | Refused:
        client = Client(recorder)
        client.envelope()
        assert client.transaction
        spooled_body = events.Body(len(LARGE), "0" * 64, True, path=spooled)
        arrival = events.Arrival(client.session, client.transaction, 99, spooled_body)
        async with asyncio.timeout(120):
            return await recorder.store(arrival)

    [stored] = play(scenario)
    assert spooled.exists() == isinstance(stored, Refused)  # the engine removes it then
    assert isinstance(stored, Stored | Refused)
    return stored


def put(tmp_path: Path) -> str:
    """Put an object that no row has; return its name."""
    spooled = tmp_path / "body"
    spooled.write_bytes(LARGE)
    return body_store.object_name(body_store.adopt(spooled, uuid4()))


def test_a_large_body_is_an_object_before_its_commit(
    object_store: ObjectServer, url: str, use: Use, tmp_path: Path
) -> None:
    use(url)
    assert isinstance(store_large(tmp_path), Stored)
    raw = Raw.objects.get()
    name = body_store.object_name(raw.key)
    assert (raw.key, raw.content) == (f"objects/{raw.pk.hex[-2:]}/{raw.pk.hex}", None)
    assert object_store.names(url) == {f"raw/{name}"}
    assert body_store.read(raw) == LARGE
    assert body_store.read_start(raw, 20) == LARGE[:20]
    assert body_store.read_start(raw, 0) == b""
    with body_store.open_stored(raw.key) as file:
        assert b"".join(iter(lambda: file.read(1000), b"")) == LARGE
    assert not (body_store.folder() / name).exists()

    answer = Browser().get(f"/api/v3/messages/{Message.objects.get().pk}/raw")
    assert answer.content == LARGE
    purge.purge(Message.objects.all(), "deleted")
    assert object_store.names(url) == set()
    with pytest.raises(FileNotFoundError):
        body_store.read(raw)
    with pytest.raises(FileNotFoundError):
        body_store.open_stored(raw.key)


def test_pages_that_put_leave_a_thread_and_mail_does_not_wait_for_them(
    url: str, use: Use, tmp_path: Path
) -> None:
    """An import on a page's thread must not wait for a slow store as mail does."""
    gate, inside, leave = use(url).gate, threading.Semaphore(0), threading.Event()

    def wait_for_store() -> None:
        with gate.passage():
            inside.release()
            assert leave.wait(120)

    pages = [threading.Thread(target=wait_for_store) for _ in range(3)]
    for each in pages:
        each.start()
        assert inside.acquire(timeout=120)
    with pytest.raises(StoreDown, match="others wait for it already"):
        put(tmp_path)
    assert isinstance(store_large(tmp_path), Stored)
    leave.set()
    for each in pages:
        each.join(120)
    put(tmp_path)


def test_no_more_is_read_of_an_object_than_was_put(
    object_store: ObjectServer, url: str, use: Use, tmp_path: Path
) -> None:
    use(url)
    assert isinstance(store_large(tmp_path), Stored)
    [name] = object_store.names(url)
    object_store.buckets[url].put_object(Key=name, Body=LARGE * 50)
    assert len(body_store.read(Raw.objects.get())) == len(LARGE) + 1


def test_files_from_before_are_read_on(url: str, use: Use, tmp_path: Path) -> None:
    assert isinstance(store_large(tmp_path), Stored)
    use(url)
    assert isinstance(store_large(tmp_path), Stored)
    rows = list(Raw.objects.order_by("pk"))
    assert [bool(body_store.object_name(each.key)) for each in rows] == [False, True]
    assert [body_store.read(each) for each in rows] == [LARGE, LARGE]
    body_store.discard(each.key for each in rows)
    for each in rows:
        with pytest.raises(FileNotFoundError):
            body_store.read(each)


def test_without_its_setting_an_object_is_not_found_but_asked_for(
    url: str, use: Use, tmp_path: Path, settings: Any
) -> None:
    use(url)
    assert isinstance(store_large(tmp_path), Stored)
    settings.STORAGES = {
        name: each for name, each in settings.STORAGES.items() if name != "objects"
    }
    with pytest.raises(StoreDown, match="it is not set, but has this body"):
        body_store.read(Raw.objects.get())


@pytest.mark.parametrize("kind", ["refuses", "silent"])
def test_a_failed_put_refuses_the_message_for_now(
    use: Use, silent: str, url: str, kind: str, tmp_path: Path
) -> None:
    missing = url.replace("s3://mail-", "s3://none-")
    use(silent if kind == "silent" else missing)
    refused = store_large(tmp_path)
    assert isinstance(refused, Refused)
    assert (refused.reply.code, refused.reply.enhanced) == (451, "4.3.0")
    assert not Message.objects.exists()
    reason = {
        "refuses": "it answers NoSuchBucket to PutObject",
        "silent": "it did not answer in time",
    }
    assert body_store.trouble() == reason[kind]


def test_pages_and_the_api_say_that_the_store_is_down(
    use: Use, url: str, silent: str, tmp_path: Path
) -> None:
    use(url)
    assert isinstance(store_large(tmp_path), Stored)
    use(silent)
    id = Message.objects.get().pk
    browser = Browser()
    words = "does not work: it did not answer in time. Try again later."
    page = browser.get(f"/messages/{id}")
    assert page.status_code == 503
    assert words in page.content.decode()
    answer = browser.get(f"/api/v3/messages/{id}/raw")
    assert answer.status_code == 503
    assert answer.json()["detail"].endswith(words)
    session = browser.get(f"/sessions/{Message.objects.get().transaction.session_id}")
    assert session.status_code == 200  # its transcript is in the database
    purge.purge(Message.objects.all(), "deleted")  # what is left there is swept
    assert not Raw.objects.exists()


def test_an_outage_is_no_failure_of_a_message(
    use: Use, url: str, silent: str, tmp_path: Path
) -> None:
    use(url)
    assert isinstance(store_large(tmp_path), Stored)
    Message.objects.update(size=LARGE_ENOUGH)
    asked: list[Mapping[str, str]] = []

    def beside(job: Mapping[str, str]) -> bytes:
        asked.append(job)
        return extraction.by_id(job["id"])

    large = indexer._Large(beside, lambda ids: None)
    use(silent)
    for _ in range(5):
        assert large.step() == 1
    assert (asked, Message.objects.get().indexed_at) == ([], None)
    use(url)
    large.step()
    assert Message.objects.get().snippet


def test_orphans_are_swept_and_nothing_else(
    object_store: ObjectServer, url: str, use: Use, tmp_path: Path
) -> None:
    use(url, secret="that of another Mailsink")
    theirs = put(tmp_path)
    store = use(url)
    assert isinstance(store_large(tmp_path), Stored)
    kept = body_store.object_name(Raw.objects.get().key)
    orphan = put(tmp_path)
    [bucket] = [object_store.buckets[url]]
    bucket.put_object(Key="raw/notes.txt", Body=b"of a person")
    bucket.put_object(Key=f"raw/zz/{uuid4().hex}", Body=b"in no folder of ours")
    everything = object_store.names(url)

    assert orphans.sweep_page(store) == ""  # all is young
    assert object_store.names(url) == everything
    assert orphans.sweep_page(store, safe_age=NOW) == ""
    assert everything - object_store.names(url) == {f"raw/{orphan}"}
    assert {f"raw/{kept}", f"raw/{theirs}"} < object_store.names(url)
    assert body_store.read(Raw.objects.get()) == LARGE


def test_objects_are_listed_a_page_at_a_time(
    url: str, use: Use, tmp_path: Path
) -> None:
    store = use(url)
    names = sorted(put(tmp_path) for _ in range(5))
    found, after, pages = [], "", 0
    while pages == 0 or after:
        page = store.page(after, most=2)
        found += page.changed
        after, pages = page.next, pages + 1
    assert (found, pages) == (names, 3)
    store.discard(names)
    assert store.page().changed == {}


def test_the_start_tries_the_store(use: Use, url: str, silent: str) -> None:
    assert setup.check_objects(CONFIG) is CONFIG  # there is none
    store = use(url)
    assert setup.check_objects(CONFIG) is CONFIG
    assert store.page().changed == {}
    use(url.replace("s3://mail-", "s3://none-"))
    with pytest.raises(ConfigError, match="it answers NoSuchBucket to PutObject"):
        setup.check_objects(CONFIG)
    use(silent)
    assert (
        setup.check_objects(CONFIG)
        .warnings[-1]
        .endswith(
            "cannot be used: it did not answer in time; large messages get 451 until it can"
        )
    )
