"""`manage.py serve`: the composition root. Read it top to bottom and you know the system."""

from __future__ import annotations

import os
import socket
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, OutputWrapper
from django.db import DatabaseError
from django.utils.module_loading import import_string

from inbox import serializers
from inbox.access import accounts, audit_log, first_visit
from inbox.mailbox.large import LARGE
from inbox.models import Inbox, Message
from inbox.models.inbox import DEFAULT_SLUG
from inbox.outgoing import guarding, switch
from inbox.policy.authenticator import Authenticator
from inbox.policy.credential_book import CredentialBook
from inbox.processes import from_config
from inbox.processes.common import Common
from inbox.processes.one_process import OneProcess
from inbox.processes.several_processes import run_processes
from inbox.storage import setup
from inbox.storage.full_disk import is_full
from inbox.upkeep.expected_mail import ExpectedMail
from inbox.webhooks import webhook_signals
from mailsink import certificates
from mailsink.certificates import Certificates
from mailsink.conf import CONFIG, Config, ConfigError
from mailsink.descriptors import raised
from mailsink.smtp.listener_kinds import LISTENER_KINDS, ListenerKind
from mailsink.sockets import (
    WebPorts,
    address_of,
    bind,
    check_handed_over,
    is_public,
    take_over,
)
from mailsink.terminal import as_json
from mailsink.web import static

_LONGEST_END = 3.0  # seconds
_MOST_WORKERS = 64
_NO_ROOM = (
    "the disk is full, and Mailsink cannot note that it runs: make some room on the disk "
    "that holds its data (MAILSINK_DATA, or that of the database server), then start it "
    "again"
)


class Command(BaseCommand):
    help = "Catch mail and show it: SMTP and the web in one process."
    requires_system_checks = ()  # they take time, and a test runs them

    def add_arguments(self, parser: ArgumentParser) -> None:
        for flag, what in (
            ("--smtp", "mail"),
            ("--http", "the pages and the API"),
            ("--https", "these through HTTPS"),
        ):
            parser.add_argument(
                flag, metavar="ADDR:PORT|off", help=f"where to listen for {what}"
            )
        parser.add_argument(
            "--workers",
            metavar="N",
            type=_number_of_workers,
            default=0,
            help="receive mail in this many processes, in addition to one for the web",
        )
        parser.add_argument(
            "--exit-after",
            metavar="N",
            type=_at_least_0,
            default=0,
            help="exit with 0 once this many messages have arrived; with 1 if they do not",
        )
        parser.add_argument(
            "--timeout",
            metavar="SECONDS",
            type=_at_least_0,
            default=0,
            help="exit after this many seconds at the latest",
        )
        parser.add_argument(
            "--print",
            choices=("json",),
            help="print each message as a line of JSON; all else goes to stderr",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            config = from_config.with_flags(
                CONFIG, options["smtp"], options["http"], options["https"]
            )
            if options["workers"] and not any(config.listeners.values()):
                raise ConfigError(
                    "--workers are processes that receive mail, but no listener is on"
                )
            if options["workers"] and config.listen_fds:
                raise ConfigError(
                    "--workers open their own sockets: do not use mailsink.socket with them"
                )
            show = None
            if options["print"]:
                mail, self.stdout = self.stdout, self.stderr
                show = partial(_print_message, mail)
            expected = ExpectedMail(options["exit_after"], options["timeout"], show)
            with setup.held_folder(config):
                code = self.serve(config, expected, options["workers"])
        except ConfigError as error:
            self.stderr.write(f"mailsink: {error}")
            code = 1
        except (DatabaseError, OSError) as error:
            if not is_full(error):
                raise
            self.stderr.write(f"mailsink: {_NO_ROOM}")
            code = 1
        # Everything is recorded already. Threads may still work for clients that left:
        # Python waits for them, and then closes the database.
        end = threading.Timer(_LONGEST_END, os._exit, [code])
        end.daemon = True
        end.start()
        sys.exit(code)

    def serve(self, config: Config, expected: ExpectedMail, workers: int) -> int:
        """Start everything, serve until asked to stop; return the exit code.

        workers: the number of SMTP processes; 0: this process accepts mail and serves
        the web
        """
        if config.mcp and find_spec("mcp") is None:
            raise ConfigError(
                "MAILSINK_MCP needs the package mcp: pip install 'django-mailsink[mcp]'"
            )
        setup.own_file(config)
        setup.migrate(config)
        for folder in ("spool", "raw"):
            setup.check_folder(config.data, folder)
        setup.use_for_temporary_files(config.data / "spool")
        config = setup.check_objects(config)
        static.collect()
        take_over(config.listen_fds)
        mail = [
            (LISTENER_KINDS[name], each)
            for name, addresses in config.listeners.items()
            for each in bind(addresses, from_config.setting_of(name))
        ]
        web = WebPorts(
            bind(config.http, "--http (MAILSINK_HTTP)"),
            bind(config.https, "--https (MAILSINK_HTTPS)"),
        )
        check_handed_over()
        has_accounts = accounts.look()
        if not (has_accounts or config.insecure):
            from_config.refuse_public([*(each for _, each in mail), *web.sockets])
        strict = from_config.strict(config)
        switch.use(from_config.may_send(config, web))
        guarding.use(config.guard)
        from_config.take_routes(config)
        webhook_signals.refresh()
        audit_log.work_in_background()
        shown = certificates.of_config(config)
        self.introduce(config, mail, web, shown)
        if not has_accounts and any(map(is_public, web.sockets)):
            pages = from_config.pages_url(config, web)
            self.say(f"Setup {pages}/setup/{first_visit.offer()}")

        # Imported late: it looks for the existing static files.
        application = import_string(settings.ASGI_APPLICATION)
        descriptors = raised()
        profile = from_config.profile(config, web, shown, descriptors.shares.smtp)
        common = Common(
            config=config,
            expected=expected,
            application=application,
            mail=mail,
            web=web,
            certificates=shown,
            inbox=Inbox.objects.get(slug=DEFAULT_SLUG, deleted_at=None).pk,
            strict=strict,
            logins=(logins := CredentialBook()),
            authenticator=Authenticator(config.smtp_auth, logins),
            descriptors=descriptors,
            profile=profile,
        )
        ready = partial(self.say, "Mailsink is ready.")
        if workers:
            return run_processes(common, workers, ready)
        return OneProcess(common).run(ready)

    def introduce(
        self,
        config: Config,
        mail: Sequence[tuple[ListenerKind, socket.socket]],
        web: WebPorts,
        shown: Certificates,
    ) -> None:
        """Print the addresses, the next steps, and settings that may be unintended."""
        for kind, each in mail:
            self.say(f"{kind.label:5} {address_of(each)}")
        pages = [f"{each}{config.public_url.path}/" for each in web.urls()]
        for url in pages:
            self.say(f"Web   {url}")
        for url in pages:  # Mailpit's words, for which test containers wait
            self.say(f"[http] accessible via {url}")
        if sys.stdout.isatty():
            self.say("\nPoint your application's mail at the SMTP address, and open")
            self.say("the page. Control-C ends it.\n")
        for warning in (*config.warnings, *shown.troubles()):
            self.stderr.write(f"mailsink: warning: {warning}")

    def say(self, line: str) -> None:
        """Print a line at once, for programs that wait for it."""
        self.stdout.write(line)
        self.stdout.flush()


def _print_message(out: OutputWrapper, message: Message) -> None:
    """Print a message as a line of JSON."""
    octets = min(message.size, LARGE)
    included = import_string("inbox.api.v3.message_details.included")
    content = included(message, ("text", "codes", "links"), octets)
    out.write(as_json({**serializers.message(message), **content}))
    out.flush()


def _number_of_workers(text: str) -> int:
    number = _at_least_0(text)
    if number > _MOST_WORKERS:
        raise ArgumentTypeError(f"there can be at most {_MOST_WORKERS} processes")
    return number


def _at_least_0(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)
