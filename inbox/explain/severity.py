"""The severities of findings and of checks' results."""

from __future__ import annotations

from typing import Literal

from django.utils.translation import gettext_noop

Severity = Literal["error", "warning", "info"]
COUNTED: tuple[Severity, ...] = ("error", "warning")
_NAMES = (gettext_noop("error"), gettext_noop("warning"))  # for makemessages
