"""API v3: what a message is where it is not just text, and the files of a winmail.dat."""

from __future__ import annotations

import base64

import pytest

from inbox.api.v3 import schemas
from tests import factories
from tests.api.conftest import Api
from tests.mime import tnefs

pytestmark = pytest.mark.django_db
WINMAIL = (
    b"Subject: Files\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n"
)


def test_files_within_a_winmail_dat(api: Api) -> None:
    stream = tnefs.stream(tnefs.file(b"plan.pdf", b"%PDF-"), tnefs.file(b"", b"x"))
    factories.message(WINMAIL + base64.encodebytes(stream))
    told = api("GET", "messages/latest")
    schemas.MessageDetail.model_validate(told)
    assert [(each["kind"], each["part"]) for each in told["notices"]] == [("tnef", 0)]
    files = api("GET", "messages/latest/parts/0/files")["items"]
    for each in files:
        schemas.File.model_validate(each)
    assert [(each["filename"], each["size"]) for each in files] == [
        ("plan.pdf", 5),
        ("", 1),
    ]
    answer = api.response("GET", "messages/latest/parts/0/files/0")
    assert answer.content == b"%PDF-"
    assert answer["Content-Disposition"] == 'attachment; filename="plan.pdf"'
    assert "sandbox" in answer["Content-Security-Policy"]
    for path in ("parts/0/files/2", "parts/1/files", "parts/1/files/0"):
        api("GET", f"messages/latest/{path}", status=404)


def test_other_parts_hold_no_files(api: Api) -> None:
    factories.message(b"Subject: x\r\n\r\nx")
    assert api("GET", "messages/latest")["notices"] == []
    assert api("GET", "messages/latest/parts/0/files")["items"] == []
