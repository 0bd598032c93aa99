"""API v3: findings about clients, and mutes."""

from __future__ import annotations

from typing import Any

import pytest

from inbox.api.v3.findings import Findings, MuteObject
from inbox.insight import findings
from inbox.insight.findings import KINDS
from inbox.mailbox import purge
from inbox.models import BodyFinding, Message, Mute, Session
from inbox.upkeep import indexer
from mailsink.smtp.protocol.events import FLAGS
from tests import factories
from tests.api.conftest import Api
from tests.mails import INVOICE

BAD = INVOICE.replace(b"Cc:", b"Bcc: eve@example.com\r\nCc:").replace(
    b"Pay me.\r\n", b"Pay\nme.\r\n"
)
EHLO = "250-here\n250-SIZE 1000\n250-8BITMIME\n250-ENHANCEDSTATUSCODES\n250 LIMITS RCPTMAX=9"


def a_session(body: bytes = BAD, **fields: Any) -> tuple[Session, Message]:
    """A session with one message, as the recorder leaves it."""
    session = factories.session(
        ending="quit", last_verb="QUIT", messages=1, exchanges=5, **fields
    )
    message = factories.message(body, session=session)
    transaction = message.transaction
    factories.exchange(session, 1, kind="connect", verb="", line="", code=220, flags="")
    factories.exchange(session, 2, reply=EHLO, flags="")
    mail = {"verb": "MAIL", "line": "MAIL FROM:<a@b.c> SIZE=9", "flags": ""}
    factories.exchange(session, 3, transaction=transaction, reply="250 Ok", **mail)
    factories.exchange(
        session, 4, transaction=transaction, kind="body", verb="", line="",
        reply="250 Ok", flags="bare_lf_data" if body is BAD else "",
    )  # fmt: skip
    factories.exchange(session, 5, verb="QUIT", line="QUIT", code=221, flags="")
    transaction.parameters = "SIZE=9"
    transaction.recipients_accepted = 1
    transaction.save()
    return session, message


def told(api: Api, path: str) -> dict[str, Any]:
    found = api("GET", f"{path}/findings")
    Findings.model_validate(found)
    return {each["kind"]: each for each in found["items"]} | {"": found}


@pytest.mark.parametrize("indexed", [False, True])
def test_findings_work(api: Api, indexed: bool) -> None:
    session, message = a_session()
    if indexed:
        assert indexer.index_some() == [message.pk]
        assert BodyFinding.objects.count() == 2
    for path in (f"sessions/{session.pk}", f"messages/{message.pk}", "messages/latest"):
        found = told(api, path)
        assert found.keys() == {"", "bare_lf_data", "bcc_header"}
        assert found[""]["count"] == 2
        assert found["bcc_header"]["places"] == [
            {
                "seq": 4,
                "octets": "Bcc: eve@example.com",
                "offset": BAD.index(b"Bcc:"),
            }
        ]
        assert found["bare_lf_data"]["octets"] == r"Pay\x0ame.\x0d\x0a"
        assert found["bare_lf_data"]["rfc"] == {
            "number": 5321,
            "section": "2.3.8",
            "title": "Lines",
            "url": "https://www.rfc-editor.org/rfc/rfc5321#section-2.3.8",
        }
    assert told(api, f"sessions/{session.pk}")[""]["extensions"] == {
        "offered": ["SIZE", "8BITMIME"],
        "used": ["SIZE"],
    }


def test_good_client_has_none(api: Api) -> None:
    session, _ = a_session(INVOICE)
    found = told(api, f"sessions/{session.pk}")
    assert (found[""]["items"], found[""]["count"]) == ([], 0)
    assert found[""]["client"] == {"name": "unknown client", "sign": ""}


def test_nothing_to_find(api: Api) -> None:
    assert told(api, f"sessions/{factories.session().pk}")[""]["items"] == []
    for path in ("sessions/nothing/findings", "messages/latest/findings"):
        api("GET", path, status=404)


def test_password_on_a_real_network_is_risky(api: Api) -> None:
    session = factories.session(
        ending="quit", listener="192.0.2.1:25", client_address="192.0.2.9", exchanges=1
    )
    line = {"kind": "auth", "verb": "AUTH", "line": "AUTH PLAIN ********"}
    factories.exchange(session, 1, flags="auth_plaintext", code=235, **line)
    found = told(api, f"sessions/{session.pk}")
    assert found["auth_plaintext"]["severity"] == "warning"
    assert found[""]["count"] == 1


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_every_flag_is_a_finding_of_its_line(api: Api, flag: str) -> None:
    session = factories.session(ending="quit", exchanges=2)
    factories.exchange(session, 1, flags="")
    factories.exchange(session, 2, verb="MAIL", line="MAIL FROM:<a@b.c>", flags=flag)
    found = told(api, f"sessions/{session.pk}")
    counted = KINDS[flag].severity != "info" and flag != "auth_plaintext"
    assert found[""]["count"] == int(counted)
    if flag == "pipelined":  # told among the extensions
        assert "pipelined" not in found
    else:
        assert [place["seq"] for place in found[flag]["places"]] == [2]


def test_our_own_lines_are_not_the_clients(api: Api) -> None:
    session = factories.session(ending="turned", exchanges=1)
    factories.exchange(
        session, 1, direction="out", line="EHLO my_app", flags="bare_lf_data"
    )
    assert told(api, f"sessions/{session.pk}")[""]["items"] == []


def test_mutes(api: Api) -> None:
    session, _ = a_session()
    given = {"kind": "bcc_header", "reason": "  A test\tof Bcc. "}
    muted = api("POST", "mutes", given, status=201)
    MuteObject.model_validate(muted)
    assert (muted["inbox"], muted["reason"], muted["by"]) == (
        "default", "A test of Bcc.", None,
    )  # fmt: skip
    assert api("GET", "mutes?inbox=default")["items"] == [muted]
    found = told(api, f"sessions/{session.pk}")
    assert (found[""]["count"], found["bcc_header"]["muted"]) == (1, muted)
    assert findings.counts([session]) == {session.pk: 1}
    again = api("POST", "mutes", given | {"reason": "Still."}, status=201)
    assert (again["id"], again["reason"]) == (muted["id"], "Still.")
    api("DELETE", f"mutes/{muted['id']}", status=204)
    assert told(api, f"sessions/{session.pk}")[""]["count"] == 2
    api("DELETE", f"mutes/{muted['id']}", status=404)
    api("DELETE", "mutes/latest", status=404)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"kind": "nonsense", "reason": "x"}, 422),
        ({"kind": "bcc_header", "reason": "  "}, 422),
        ({"kind": "bcc_header", "reason": "x" * 501}, 422),
        ({"kind": "bcc_header", "reason": "x\0"}, 422),
        ({"kind": "bcc_header"}, 422),
        ({"kind": "bcc_header", "reason": "x", "inbox": "nowhere"}, 404),
    ],
)
def test_mutes_that_cannot_be(api: Api, given: dict[str, str], status: int) -> None:
    api("POST", "mutes", given, status=status)
    assert not Mute.objects.exists()


def test_purged_message_leaves_no_finding(api: Api) -> None:
    session, message = a_session()
    indexer.index_some()
    purge.purge(Message.objects.filter(pk=message.pk), "count")
    assert not BodyFinding.objects.exists()
    assert told(api, f"sessions/{session.pk}").keys() == {"", "bare_lf_data"}


def test_list_of_many_costs_as_many_queries_as_one(
    api: Api, django_assert_max_num_queries: Any
) -> None:
    sessions = [a_session()[0] for _ in range(20)]
    with django_assert_max_num_queries(8):
        counts = findings.counts(sessions)
    assert set(counts.values()) == {2}
