"""Recurrence rules (RFC 5545 §3.3.10) in words, as far as they are simple."""

from __future__ import annotations

import re

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from mailsink.mime.timezones import moment

_EVERY = {
    "DAILY": (gettext_noop("every day"), gettext_noop("every %(n)s days")),
    "WEEKLY": (gettext_noop("every week"), gettext_noop("every %(n)s weeks")),
    "MONTHLY": (gettext_noop("every month"), gettext_noop("every %(n)s months")),
    "YEARLY": (gettext_noop("every year"), gettext_noop("every %(n)s years")),
}
_DAYS = {
    "MO": gettext_noop("Monday"), "TU": gettext_noop("Tuesday"),
    "WE": gettext_noop("Wednesday"), "TH": gettext_noop("Thursday"),
    "FR": gettext_noop("Friday"), "SA": gettext_noop("Saturday"),
    "SU": gettext_noop("Sunday"),
}  # fmt: skip
_PLACES = {
    "": gettext_noop("%(day)s"), "1": gettext_noop("the first %(day)s"),
    "2": gettext_noop("the second %(day)s"), "3": gettext_noop("the third %(day)s"),
    "4": gettext_noop("the fourth %(day)s"), "5": gettext_noop("the fifth %(day)s"),
    "-1": gettext_noop("the last %(day)s"),
}  # fmt: skip
_MONTH_NAMES = (
    gettext_noop("January"), gettext_noop("February"), gettext_noop("March"),
    gettext_noop("April"), gettext_noop("May"), gettext_noop("June"),
    gettext_noop("July"), gettext_noop("August"), gettext_noop("September"),
    gettext_noop("October"), gettext_noop("November"), gettext_noop("December"),
)  # fmt: skip
_KEYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "WKST"}
_DAY = re.compile(r"\+?(-?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")


def words(rule: str) -> str:
    """Return an RRULE in words; "" if it is complex.

    Such as "every 2 weeks on Monday, 4 times".
    """
    pairs = [part.partition("=") for part in rule.upper().strip().split(";") if part]
    given = {name.strip(): value.strip() for name, _, value in pairs}
    if given.get("FREQ") not in _EVERY or not given.keys() <= _KEYS:
        return ""
    rule_words = _every(given)
    for add in (_days, _month_days, _months, _end):
        rule_words = rule_words and add(rule_words, given)
    return rule_words


def _number(value: str) -> int | None:
    """Return a number of at most five digits, else None."""
    return int(value) if re.fullmatch(r"[1-9][0-9]{0,4}", value) else None


def _every(given: dict[str, str]) -> str:
    number = _number(given.get("INTERVAL", "1"))
    if number is None:
        return ""
    one, several = _EVERY[given["FREQ"]]
    return _(one) if number == 1 else _(several) % {"n": number}


# Each function adds a part of the rule to the words; "" if the part is odd.


def _days(words: str, given: dict[str, str]) -> str:
    if "BYDAY" not in given:
        return words
    found = [_DAY.fullmatch(each) for each in given["BYDAY"].split(",")[:20]]
    days = [
        _(_PLACES[each[1] or ""]) % {"day": _(_DAYS[each[2]])}
        for each in found
        if each and (each[1] or "") in _PLACES
    ]
    if len(days) < len(found):
        return ""
    return _("%(rule)s on %(days)s") % {"rule": words, "days": ", ".join(days)}


def _month_days(words: str, given: dict[str, str]) -> str:
    if "BYMONTHDAY" not in given:
        return words
    numbers = given["BYMONTHDAY"].split(",")[:31]
    if not all(map(_number, numbers)):
        return ""
    days = {"rule": words, "days": ", ".join(numbers)}
    return _("%(rule)s on day %(days)s of the month") % days


def _months(words: str, given: dict[str, str]) -> str:
    if "BYMONTH" not in given:
        return words
    months = [_number(each) or 0 for each in given["BYMONTH"].split(",")[:12]]
    if not all(1 <= each <= 12 for each in months):
        return ""
    names = ", ".join(_(_MONTH_NAMES[each - 1]) for each in months)
    return _("%(rule)s in %(months)s") % {"rule": words, "months": names}


def _end(words: str, given: dict[str, str]) -> str:
    if "COUNT" in given:
        number = _number(given["COUNT"])
        if number is None:
            return ""
        once_or_more = ngettext("%(rule)s, once", "%(rule)s, %(n)s times", number)
        return once_or_more % {"rule": words, "n": number}
    if "UNTIL" in given:
        last = moment(given["UNTIL"])
        if last is None:
            return ""
        day = date_format(last, "j M Y")
        return _("%(rule)s, until %(day)s") % {"rule": words, "day": day}
    return words
