"""MAILSINK_RAW_URL: what it takes, and what it refuses."""

from __future__ import annotations

import pytest

from mailsink import conf
from mailsink.conf import ConfigError, from_environment
from mailsink.raw_urls import ObjectStore, parse


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("s3://mail", ObjectStore("mail")),
        ("s3://mail/a/b/?region=eu-west-1", ObjectStore("mail", "a/b", "", "eu-west-1")),
        ("s3://mail?endpoint=http://minio:9000/",
         ObjectStore("mail", "", "http://minio:9000", "", "path")),
        ("s3://mail?endpoint=https://s3.example&addressing=virtual",
         ObjectStore("mail", "", "https://s3.example", "", "virtual")),
    ],
)  # fmt: skip
def test_a_store(text: str, found: ObjectStore | None) -> None:
    assert parse(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "s3://", "s3:///prefix", "http://mail", "s3://Mail", "s3://m", "s3://mail:9000",
        "s3://key:secret@mail", "s3://mail/../b", "s3://mail/a//b", "s3://mail/a b",
        "s3://mail/#a", "s3://mail?endpoint=minio", "s3://mail?endpoint=ftp://minio",
        "s3://mail?endpoint=http://a:b@minio", "s3://mail?endpoint=http://:b@minio", "s3://mail?zone=1", "s3://mail?region=A B",
        "s3://mail?addressing=none", "s3://mail?x", "s3://mail/" + "a" * 101,
    ],
)  # fmt: skip
def test_no_store(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_environment({"MAILSINK_RAW_URL": text})
    assert str(caught.value).startswith("MAILSINK_RAW_URL takes s3://bucket/prefix, ")
    assert "secret@" not in str(caught.value)


def test_it_needs_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(from_environment({"MAILSINK_RAW_URL": "s3://mail/a"}).raw_url) == (
        "s3://mail/a"
    )
    monkeypatch.setattr(conf.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"install 'django-mailsink\[s3\]'"):
        from_environment({"MAILSINK_RAW_URL": "s3://mail"})
