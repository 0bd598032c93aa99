"""API v3: dry runs of rules, which count nothing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import StrictBool

from inbox.api.v3.common import answer, scope
from inbox.api.v3.rule_resource import RuleStage
from inbox.api.v3.schemas import Strict, member
from inbox.errors import Invalid
from inbox.models.inbox import DEFAULT_SLUG
from inbox.policy import strict_setting
from inbox.policy.message_judge import has_errors
from inbox.rules import dry_lines, dry_run
from inbox.rules.dry_lines import DryLine
from inbox.rules.dry_run import DryAnswer
from inbox.rules.rule_sentences import deeds, plain
from inbox.rules.verdict_words import reply_lines, why_not
from inbox.serializers import Shape

router = Router()


class DryRunGiven(Strict):
    """One of `recipient`, `message` and `session`; the other members are for a recipient."""

    recipient: str | None = member("The recipient of a made-up message.", "audit@example.com", None)  # fmt: skip
    message: str | None = member("The id of a stored message.", None, None)
    session: str | None = member("The id of a stored session.", None, None)
    sender: str | None = member("Its sender.", "app@shop.example", None)
    client: str | None = member("The address of the client.", "127.0.0.1", None)
    helo: str | None = member("The EHLO name.", "client.example", None)
    user: str | None = member("The user of a login; none without.", None, None)
    tls: StrictBool = member("Whether the session is in TLS.", False, False)
    inbox: str = member("The slug of the inbox.", "default", DEFAULT_SLUG)


class TriedRule(Strict):
    id: int = member("The number of the rule.", 12)
    name: str = member("Its name.", "Fail twice")
    words: str = member("What it does, or why it does not act.", "reply 451 4.7.1 Try later")  # fmt: skip


class RuleNotActing(TriedRule):
    reason: str = member(
        "off, expired, time, settled (a rule above it settles the reply), cannot, or the "
        "condition or limit by which it does not act.",
        "forward_path",
    )


class DryAnswerObject(Strict):
    stage: RuleStage = member("The stage at which rules are consulted.", "rcpt")
    line: str = member("What the client says.", "RCPT TO:<audit@example.com>")
    seq: int | None = member("The exchange of the stored session.", 4)
    reply: list[str] = member("The lines of the reply; none for the usual reply.", ["451 4.7.1 Try later"])  # fmt: skip
    delay_ms: int = member("The wait before it.", 500)
    rule: str = member("The rules, or the address, as the transcript would name them.", "#12 Fail twice")  # fmt: skip
    acting: list[TriedRule] = member("The rules that would act, in order.")
    others: list[RuleNotActing] = member("The rules of the stage that would not.")


class DryRunObject(Strict):
    rules_on: bool = member("Whether the inbox lets rules act at all.", True)
    complete: bool = member("False: there were too many lines, and the last ones are left out.", True)  # fmt: skip
    stopped: bool = member("Whether the client gets no further than the last line.", False)  # fmt: skip
    lines: list[DryAnswerObject] = member("The lines, in order.")


@router.post("/dry-run", response=DryRunObject, summary="Try rules")
def try_rules(request: HttpRequest, given: DryRunGiven) -> HttpResponse:
    """Shows the rule that would answer at each line, its reply, and why the others would not.

    Nothing is sent, and no rule counts the try.
    """
    lines, ends = _lines(given)
    ignored = strict_setting.ignored_in(scope(), given.inbox)
    judge = partial(has_errors, ignored)
    found = dry_run.run(
        scope(), given.inbox, lines, until_refused=ends, has_errors=judge
    )
    return answer(
        {
            "rules_on": found.rules_on,
            "complete": found.complete,
            "stopped": found.stopped,
            "lines": [_shape(each) for each in found.answers],
        }
    )


def _lines(given: DryRunGiven) -> tuple[Iterable[DryLine], bool]:
    """Return the lines to try, and whether they end at a refusal."""
    of = [each for each in (given.recipient, given.message, given.session) if each]
    if len(of) != 1:
        raise Invalid(_("give one of recipient, message and session"))
    if given.recipient:
        made = dry_lines.checked(given.recipient, given.dict())
        return dry_lines.made_up(made), True
    if given.message:
        return list(dry_lines.of_message(scope(), given.message)), True
    return list(dry_lines.of_session(scope(), str(given.session))), False


def _shape(each: DryAnswer) -> Shape:
    consult = each.line.consult
    return {
        "stage": consult.stage,
        "line": each.line.said,
        "seq": consult.seq or None,
        "reply": reply_lines(each),
        "delay_ms": round(each.decision.delay * 1000),
        "rule": each.decision.rule,
        "acting": [
            {"id": rule.pk, "name": rule.name, "words": plain(deeds(rule))}
            for rule in each.acting
        ],
        "others": [
            {
                "id": other.rule.pk,
                "name": other.rule.name,
                "words": plain(why_not(other, consult)),
                "reason": other.reason,
            }
            for other in each.others
        ],
    }
