"""The titles and descriptions of scenarios; the display code translates them."""

from __future__ import annotations

from django.utils.translation import gettext_noop

SCENARIO_WORDS = {
    "greylisting": (
        gettext_noop("Greylisting"),
        gettext_noop("Refuses each sender and recipient with 451, and accepts them after five minutes."),
    ),
    "flapping": (
        gettext_noop("Flapping server"),
        gettext_noop("Turns every second connection away with 421."),
    ),
    "full-mailbox": (
        gettext_noop("Full mailbox"),
        gettext_noop("Puts each recipient off with 452 three times, then refuses it with 552."),
    ),
    "slow-server": (
        gettext_noop("Slow server"),
        gettext_noop("Waits three seconds before each reply to a command, and writes the final reply at 20 bytes a second."),
    ),
    "rate-limited": (
        gettext_noop("Rate limit"),
        gettext_noop("Accepts ten messages a minute from a client, and answers 421 beyond this limit."),
    ),
    "maintenance": (
        gettext_noop("Maintenance"),
        gettext_noop("Answers every connection with 421 for ten minutes."),
    ),
    "no-tls": (
        gettext_noop("No TLS"),
        gettext_noop("Offers no STARTTLS."),
    ),
    "tls-only": (
        gettext_noop("TLS only"),
        gettext_noop("Refuses mail outside TLS with 530."),
    ),
    "auth-outage": (
        gettext_noop("Login out of order"),
        gettext_noop("Answers every login with 454."),
    ),
    "auth-refused": (
        gettext_noop("Login refused"),
        gettext_noop("Answers every login with 535."),
    ),
    "bad-neighbourhood": (
        gettext_noop("Bad neighbourhood"),
        gettext_noop("Refuses every connection with 554."),
    ),
    "lost-after-dot": (
        gettext_noop("Connection lost after the message"),
        gettext_noop("Stores the message, and resets the connection instead of replying 250, once for each recipient: a client that retries makes a duplicate."),
    ),
    "chaos": (
        gettext_noop("Chaos"),
        gettext_noop("One command in ten fails, and one connection in fifty is reset; the same run each time."),
    ),
    "gmail-bad-day": (
        gettext_noop("Gmail on a bad day"),
        gettext_noop("Throttles recipients and bursts as Gmail does, and has its own temporary errors now and then."),
    ),
    "ses-sandbox": (
        gettext_noop("SES in the sandbox"),
        gettext_noop("Refuses unverified addresses with 554, and more than one message a second with 454, as Amazon SES does."),
    ),
    "outlook-bulk": (
        gettext_noop("Outlook.com for a bulk sender"),
        gettext_noop("Limits the rate of a client, and refuses mail of a domain without authentication with 550 5.7.515."),
    ),
}  # fmt: skip
