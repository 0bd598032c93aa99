"""How grave a finding or a check's result is: the words that both use."""

from __future__ import annotations

from typing import Literal

from django.utils.translation import gettext_noop

Severity = Literal["error", "warning", "info"]
COUNTED: tuple[Severity, ...] = ("error", "warning")
_NAMES = (gettext_noop("error"), gettext_noop("warning"))  # for makemessages
