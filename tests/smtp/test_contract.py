"""What we use of aiosmtpd: an upgrade that changes it must fail here, not in the field."""

from __future__ import annotations

import asyncio
import inspect
import socket

import pytest
from aiosmtpd.smtp import SMTP

from mailsink.smtp.net.connection import Connection


async def test_the_constructor_makes_a_prototype(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def look_up(*_: object) -> str:
        raise AssertionError("a name was looked up")

    monkeypatch.setattr(socket, "getfqdn", look_up)
    loop = asyncio.get_running_loop()
    prototype = vars(SMTP(None, hostname="mx.test", loop=loop))
    assert prototype["loop"] is loop
    assert prototype["hostname"] == "mx.test"
    assert prototype["session"] is None
    assert prototype["envelope"] is None
    assert prototype["transport"] is None
    assert prototype["_handler_coroutine"] is None
    assert set(prototype["_smtp_methods"]) >= {"HELO", "EHLO", "MAIL", "RCPT", "DATA"}
    assert isinstance(prototype["_handle_hooks"], dict)


def test_every_way_in_is_ours() -> None:
    """asyncio calls these; aiosmtpd's own would start its own reading."""
    ways = {
        name
        for name, _ in inspect.getmembers(asyncio.BufferedProtocol, inspect.isfunction)
        if not name.startswith("_")
    } | {"data_received"}
    assert ways == {
        "connection_made", "connection_lost", "get_buffer", "buffer_updated",
        "eof_received", "pause_writing", "resume_writing", "data_received",
    }  # fmt: skip
    assert ways <= set(vars(Connection))


def test_a_connection_has_no_slots_that_the_prototype_would_miss() -> None:
    assert all(not getattr(each, "__slots__", ()) or each is object
               for each in SMTP.__mro__ if hasattr(each, "__slots__")
               and not each.__module__.startswith("asyncio"))  # fmt: skip
