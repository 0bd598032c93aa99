"""The tables of rules, by which the server answers on purpose."""

from __future__ import annotations

from django.db import models

from inbox.models.inbox import Inbox


class Rule(models.Model):
    """One rule: at which stage, under which conditions, what is done, and how often."""

    inbox = models.ForeignKey(Inbox, models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField()  # the lowest is asked first
    name = models.CharField(max_length=80)
    scenario = models.CharField(max_length=32, blank=True)  # that it is part of
    is_on = models.BooleanField(default=True)
    stage = models.CharField(max_length=16)  # one of mailsink.ports.Stage
    # Members as inbox.rules.rule_fields checks them
    conditions = models.JSONField(default=dict)
    actions = models.JSONField(default=dict)
    limits = models.JSONField(default=dict)
    max_hits = models.PositiveIntegerField(null=True)  # null: no limit
    expires_at = models.DateTimeField(null=True)  # null: never
    hits = models.PositiveBigIntegerField(default=0)
    # The newest first: [session, seq, time], which retention may have removed since
    last_hits = models.JSONField(default=list)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()  # but for hits

    class Meta:
        indexes = [
            # the rules of an inbox in their order
            models.Index(fields=["inbox", "position"], name="rule_order")
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name}"


class RuleCount(models.Model):
    """How often the conditions of a rule were met, for one client, sender or the like."""

    pk = models.CompositePrimaryKey("rule_id", "key")
    rule = models.ForeignKey(Rule, models.CASCADE, db_index=False)
    key = models.CharField(max_length=32)  # a digest; "" counts all together
    count = models.PositiveBigIntegerField(default=0)
    since = models.DateTimeField()  # when that began

    class Meta:
        indexes = [
            # the oldest go first where there are too many
            models.Index(fields=["rule", "since"], name="rule_count_age")
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.key}: {self.count}"
