"""The tables of rules, which make the server reply deliberately."""

from __future__ import annotations

from django.db import models

from inbox.models.inbox import Inbox


class Rule(models.Model):
    """One rule: its stage, its conditions, its actions, and its limits."""

    inbox = models.ForeignKey(Inbox, models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField()  # the lowest is consulted first
    name = models.CharField(max_length=80)
    # the scenario that it belongs to
    scenario = models.CharField(max_length=32, blank=True)
    is_on = models.BooleanField(default=True)
    stage = models.CharField(max_length=16)  # one of mailsink.ports.Stage
    # Members that inbox.rules.rule_fields checks
    conditions = models.JSONField(default=dict)
    actions = models.JSONField(default=dict)
    limits = models.JSONField(default=dict)
    max_hits = models.PositiveIntegerField(null=True)  # null: no limit
    expires_at = models.DateTimeField(null=True)  # null: never
    hits = models.PositiveBigIntegerField(default=0)
    # The newest first: [session, seq, time]; retention may have removed the session
    last_hits = models.JSONField(default=list)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()  # hits do not count as changes

    class Meta:
        indexes = [
            # the rules of an inbox in their order
            models.Index(fields=["inbox", "position"], name="rule_order")
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name}"


class RuleCount(models.Model):
    """How often the conditions of a rule were met, for one client, sender or similar."""

    pk = models.CompositePrimaryKey("rule_id", "key")
    rule = models.ForeignKey(Rule, models.CASCADE, db_index=False)
    key = models.CharField(max_length=32)  # a digest; "" counts all together
    count = models.PositiveBigIntegerField(default=0)
    since = models.DateTimeField()  # when the count began

    class Meta:
        indexes = [
            # the oldest are removed if there are too many
            models.Index(fields=["rule", "since"], name="rule_count_age")
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.key}: {self.count}"
