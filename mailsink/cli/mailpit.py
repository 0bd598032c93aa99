"""`mailpit`: Mailsink with the name, the commands and the flags of Mailpit.

Compose files, health checks and php.ini files use that name. Any command that Mailpit
does not have is passed to `mailsink`; flags alone start the server.
"""

from __future__ import annotations

import os
import re
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence

from mailsink import __version__, aliases
from mailsink.cli import app, own_address
from mailsink.cli.api_client import ApiClient
from mailsink.cli.django_commands import INTERRUPTED, run
from mailsink.cli.sendmail import sendmail

_LOOK_EVERY = 0.1  # seconds
_INSTEAD = {
    "dump": "mailsink export FOLDER_OR_FILE",
    "ingest": "mailsink import FILE…",
    "reindex": "nothing: Mailsink reads its own database",
}
# The flags whose variable has another name; most have the same.
_VARIABLES = {
    "database": "DATABASE", "db-file": "DATABASE", "max": "MAX_MESSAGES",
    "listen": "UI_BIND_ADDR", "smtp": "SMTP_BIND_ADDR", "pop3": "POP3_BIND_ADDR",
    "smtp-tls-required": "SMTP_REQUIRE_STARTTLS",
    "ui-ssl-cert": "UI_TLS_CERT", "ui-ssl-key": "UI_TLS_KEY",
    "smtp-ssl-cert": "SMTP_TLS_CERT", "smtp-ssl-key": "SMTP_TLS_KEY",
}  # fmt: skip
_SHORT = {
    "database": "d", "max": "m", "quiet": "q", "verbose": "v", "listen": "l",
    "smtp": "s", "tag": "t",
}  # fmt: skip
_TAKE_A_VALUE = """
    database db-file compression label tenant-id max max-age log-file listen webroot
    ui-auth-file ui-tls-cert ui-tls-key ui-ssl-cert ui-ssl-key api-cors
    enable-spamassassin send-api-auth-file smtp smtp-auth-file smtp-tls-cert smtp-tls-key
    smtp-ssl-cert smtp-ssl-key smtp-max-recipients smtp-max-message-size
    smtp-allowed-recipients smtp-relay-config smtp-relay-matching smtp-forward-config
    chaos-triggers pop3 pop3-auth-file pop3-tls-cert pop3-tls-key tag tags-config
    tags-disable webhook-url webhook-limit enable-prometheus
""".split()
_SWITCHES = """
    disable-wal use-message-dates ignore-duplicate-ids quiet verbose
    block-remote-css-and-fonts allow-untrusted-tls disable-http-compression
    hide-delete-all-button send-api-auth-accept-any smtp-auth-accept-any
    smtp-require-starttls smtp-tls-required smtp-require-tls smtp-auth-allow-insecure
    smtp-strict-rfc-headers smtp-ignore-rejected-recipients smtp-disable-rdns
    smtp-relay-all enable-chaos tags-title-case disable-html-check disable-version-check
""".split()


def main() -> None:
    """Act as Mailpit would with these arguments."""
    if sys.argv[1:2] == ["/mailpit"]:  # a `command` after our ENTRYPOINT
        del sys.argv[1]
    command, rest = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if command == "readyz":
        sys.exit(readyz(rest))
    if command == "sendmail":
        sys.exit(sendmail(rest))
    if command == "version":
        print(f"mailpit: this is Mailsink {__version__}")
    elif command in _INSTEAD:
        sys.exit(f"mailpit: Mailsink has no {command}. Use {_INSTEAD[command]}")
    elif command and not command.startswith("-"):
        app.main()
    else:
        _serve(sys.argv[1:])


def variables(arguments: Sequence[str]) -> dict[str, str]:
    """Return the Mailpit variables for its flags. Exit with 2 on unknown flags."""
    parser = ArgumentParser(
        "mailpit",
        allow_abbrev=False,
        description="Mailsink, started with the flags of Mailpit. "
        "The log names the variable of Mailsink that each counts as.",
        epilog="Commands: readyz, sendmail, version, and those of mailsink.",
    )
    for name in _TAKE_A_VALUE:
        parser.add_argument(*_spellings(name), dest=_variable(name))
    for name in _SWITCHES:
        parser.add_argument(
            *_spellings(name), dest=_variable(name), nargs="?", const="true"
        )
    given = vars(parser.parse_args(arguments))
    return {name: text for name, text in given.items() if text is not None}


def _spellings(flag: str) -> list[str]:
    return [f"--{flag}", *([f"-{_SHORT[flag]}"] if flag in _SHORT else [])]


def _variable(flag: str) -> str:
    return f"MP_{_VARIABLES.get(flag) or flag.upper().replace('-', '_')}"


def _serve(arguments: Sequence[str]) -> None:
    """Start Mailsink. Flags override variables."""
    given = variables(arguments)
    ours, _ = aliases.translated(given, "MAILSINK_")
    for name in ours.keys() - given.keys():
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    os.environ.update(given)
    try:
        run(["mailpit", "serve"])
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def readyz(arguments: Sequence[str]) -> int:
    """Return 0 if the server of this container, or another, is ready; else 1."""
    parser = ArgumentParser("mailpit readyz", allow_abbrev=False)
    parser.add_argument("-l", "--listen", default="", help="its ADDR:PORT")
    parser.add_argument("--webroot", help="changes nothing: it answers below any")
    parser.add_argument("--https", nargs="?", const="true", help="ask by HTTPS")
    parser.add_argument("--wait", action="store_true", help="wait until it is ready")
    parser.add_argument("--timeout", type=_seconds, default=30.0, help="such as 30s")
    asked = parser.parse_args(arguments)
    by_https = (asked.https or "").lower() in ("1", "t", "true")
    client = ApiClient(own_address.url(asked.listen, by_https))
    end = time.monotonic() + (asked.timeout if asked.wait else 0)
    while not client.is_ready():
        if time.monotonic() >= end:
            print(f"mailpit: nothing is ready at {client.url}", file=sys.stderr)
            return 1
        time.sleep(_LOOK_EVERY)
    return 0


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _seconds(text: str) -> float:
    """Return the seconds of a duration in Go's form: "1m30s"."""
    parts = re.findall(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(ms|s|m|h)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ArgumentTypeError(f"{text!r} is no duration, such as 30s or 1m30s")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
