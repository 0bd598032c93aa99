"""The attempts at sending a message, as API v3 shows them."""

from __future__ import annotations

from inbox.api.v3 import session_schemas
from tests import factories
from tests.api.conftest import Api
from tests.mails import INVOICE


def test_attempts_of_a_message_and_of_what_was_refused(api: Api) -> None:
    refused = factories.transaction(body=INVOICE, recipients=["bob@example.com"])
    factories.exchange(
        refused.session, 4, kind="body", verb="", code=550, transaction=refused,
        reply="550 5.7.1 No",
    )  # fmt: skip
    message = factories.message()
    answer = api("GET", f"messages/{message.pk}/attempts")
    assert session_schemas.AttemptHistory.model_validate(answer)
    assert answer["sentence"].startswith("2 attempts: 550 → 250, wait ")
    assert (answer["joined_by"], answer["likely"]) == ("message-id", False)
    assert (answer["attempt"], answer["total"], answer["upshot"]) == (2, 2, "")
    first, second = answer["attempts"]
    assert first["words"] == "refused with 550 5.7.1 No, after the message had arrived"
    assert (first["code"], first["exchange"], first["this"]) == (550, 4, False)
    assert first["transaction"] == str(refused.pk)
    assert first["waited"] is None
    assert second["waited"] >= 0
    assert second["url"] == f"/messages/{message.pk}"
    same = api("GET", f"transactions/{refused.pk}/attempts")
    assert [each["label"] for each in same["attempts"]] == ["550", "250"]
    assert same["attempt"] == 1
    assert same["upshot"].startswith("accepted ")


def test_there_are_no_attempts_of_what_is_not_there(api: Api) -> None:
    api("GET", "messages/nothing/attempts", status=404)
    api("GET", "messages/latest/attempts", status=404)
    api("GET", "transactions/nothing/attempts", status=404)
