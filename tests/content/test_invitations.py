"""The times of invitations, on the clocks of their zones."""

from __future__ import annotations

import pytest

from inbox.content import invitations
from mailsink.mime import calendars


# What programs write for "for ever", and what a clock of no computer shows.
@pytest.mark.parametrize(
    "moment", ["99991231T235959", "99991231", "00010101T000000", "00010101"]
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC", ""])
def test_times_that_other_zones_cannot_show_are_left_out(
    moment: str, zone: str
) -> None:
    for name, other in (("DTSTART", "DTEND"), ("DTEND", "DTSTART")):
        for value in (f":{moment}", f":{moment}Z", f";TZID={zone}:{moment}"):
            text = f"BEGIN:VEVENT\n{name}{value}\n{other};TZID={zone}:20260101T100000\nEND:VEVENT"
            (event,) = calendars.read(text.encode()).events
            assert (event.start if name == "DTSTART" else event.end) is None
            assert invitations.when(event) is not None
            assert invitations.in_utc(event) is not None
