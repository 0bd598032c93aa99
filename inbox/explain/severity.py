"""How grave a finding or a check's result is: the words that both use."""

from __future__ import annotations

from typing import Literal

from django.utils.translation import gettext_noop

Level = Literal["breaks", "risky", "fact"]
COUNTED: tuple[Level, ...] = ("breaks", "risky")
_NAMES = (gettext_noop("breaks"), gettext_noop("risky"))  # for makemessages
