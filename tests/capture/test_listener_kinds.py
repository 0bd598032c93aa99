"""A kind of listener that is added to the table needs a column, a field and a setting."""

from __future__ import annotations

import pytest

from inbox.api.v3.info import Info
from inbox.models import Server
from mailsink.conf import from_environment
from mailsink.smtp.listener_kinds import LISTENER_KINDS
from mailsink.smtp.profile import Profile


@pytest.mark.parametrize("name", LISTENER_KINDS)
def test_each_kind_is_known_everywhere(name: str) -> None:
    kind = LISTENER_KINDS[name]
    assert Profile(**kind.profile).listener_kind == name
    assert name in {field.name for field in Server._meta.fields}
    assert name in Info.model_fields
    found = from_environment({f"MAILSINK_{kind.setting}": "127.0.0.1:2525"})
    assert [str(at) for at in found.listeners[name]] == ["127.0.0.1:2525"]
