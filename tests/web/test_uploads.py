"""Uploads together have room up to a limit, which each gives back."""

from __future__ import annotations

import errno

from mailsink.web.uploads import Uploads, not_written


def test_bodies_share_their_room() -> None:
    uploads = Uploads(most=100, small=0)
    assert uploads.take("a", 60)
    assert uploads.take("b", 40)
    assert not uploads.take("b", 1)
    uploads.let_go("b")  # refused
    assert uploads.take("a", 40)
    assert not uploads.take("b", 1)
    uploads.let_go("a")
    uploads.let_go("a")
    assert uploads.take("b", 100)


def test_a_body_that_is_alone_may_be_larger() -> None:
    uploads = Uploads(most=100, small=0)
    assert uploads.take("a", 100)
    assert uploads.take("a", 100)
    assert not uploads.take("b", 1)


def test_a_small_body_finds_room_beside_large_ones() -> None:
    uploads = Uploads(most=100, small=10)
    assert uploads.take("a", 60)
    assert uploads.take("b", 40)
    assert uploads.take("c", 10)
    assert not uploads.take("c", 1)


def test_too_many_open_files_are_not_a_full_disk() -> None:
    assert not_written(OSError(errno.EMFILE, "")).status == 503
    assert not_written(OSError(errno.ENFILE, "")).status == 503
    assert not_written(OSError(errno.ENOSPC, "")).status == 507
