"""`manage.py serve`: the composition root. Read it top to bottom and you know the system."""

from __future__ import annotations

import gc
import json
import os
import socket
import ssl
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, OutputWrapper
from django.db import connections
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from inbox import serializers
from inbox.access import accounts, audit_log, first_visit
from inbox.api import health, metrics
from inbox.capture.recorder import Recorder
from inbox.errors import Invalid
from inbox.live import protocol
from inbox.live.feed import Feed
from inbox.live.hub import Hub
from inbox.live.hub_line import HubLine, feed_layer
from inbox.live.hub_wire import Doorway
from inbox.live.redis_watch import RedisWatch
from inbox.mailbox import inboxes
from inbox.mailbox.large import LARGE
from inbox.mailbox.signals import (
    Announcement,
    MessageImported,
    MessageUpdated,
    announce,
    announced,
    awaited,
)
from inbox.models import Inbox, Message, Server
from inbox.models.inbox import DEFAULT_SLUG
from inbox.outgoing import guarding, held_intake, routes_from_settings, switch
from inbox.outgoing.courier import ReleaseCourier
from inbox.outgoing.deliverer import Deliverer
from inbox.outgoing.held_queue import HeldQueue
from inbox.outgoing.route_trials import RouteTrials
from inbox.policy import starttls, strict_setting
from inbox.policy.authenticator import Authenticator
from inbox.policy.credential_book import CredentialBook
from inbox.policy.mail_policy import MailPolicy
from inbox.policy.strict_setting import StrictSetting
from inbox.storage import body_store, setup
from inbox.storage.write_lock import share_turns
from inbox.upkeep import servers, wellbeing
from inbox.upkeep.background import Background
from inbox.upkeep.expected_mail import ExpectedMail
from inbox.upkeep.indexer import Awaited, indexer, large_indexer
from inbox.upkeep.orphans import orphan_sweep
from inbox.upkeep.process_figures import ProcessFigures, gauges
from inbox.upkeep.reporter import Reporter
from inbox.upkeep.reserve import reserve
from inbox.upkeep.retention import RetentionLimits, retention
from inbox.upkeep.rule_follower import RuleFollower
from inbox.upkeep.session_log import SessionLog
from inbox.upkeep.wellbeing import ClockWatch
from inbox.webhooks import webhook_signals
from inbox.webhooks.webhook_caller import Objects, WebhookCaller
from mailsink.conf import CONFIG, Config, ConfigError, unusable_data
from mailsink.descriptors import Descriptors, raised
from mailsink.failing_tls import failing_contexts
from mailsink.posting.poster import Poster
from mailsink.smtp.listener_kinds import LISTENER_KINDS, ListenerKind
from mailsink.smtp.net.admission import Admission
from mailsink.smtp.net.listener import Listener
from mailsink.smtp.net.passes import Passes
from mailsink.smtp.net.shared_counts import SharedCounts
from mailsink.smtp.profile import Profile
from mailsink.smtp.tls.planned_failure import FailingContexts
from mailsink.smtp.tls.starttls_denylist import StarttlsDenylist
from mailsink.sockets import (
    address_of,
    bind,
    bind_again,
    check_handed_over,
    is_public,
    share,
    take_over,
)
from mailsink.supervisor import Child, ProcessPlace, Supervisor
from mailsink.tls import own_context, server_context
from mailsink.values import ADDRESSES, ListenAddress
from mailsink.web import static
from mailsink.web.visitors import Visitors

if TYPE_CHECKING:
    from mailsink.server.process import BackgroundWork

_LONGEST_END = 3.0  # seconds
_LOOK_EVERY = 1.0  # seconds
# Seconds that a thread may hold the interpreter while others wait. A mail needs it dozens
# of times, and each time the threads that answer requests would hold it for 5 ms.
_TURN = 0.001
_LOCAL = {"localhost", "127.0.0.1", "::1"}
# Who listens everywhere is reached here.
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  named, not bound


_MOST_WORKERS = 64


@dataclass(frozen=True, slots=True)
class Common:
    """All processes of a server have this in common: it is made before they are."""

    config: Config
    expected: ExpectedMail
    application: Any
    mail: Sequence[tuple[ListenerKind, socket.socket]]
    http: Sequence[socket.socket]
    inbox: int
    strict: StrictSetting
    logins: CredentialBook
    authenticator: Authenticator
    descriptors: Descriptors
    profile: Profile


@dataclass(frozen=True, slots=True)
class Beside:
    """More of a process that is one of several."""

    child: Child
    workers: int
    doorway: Doorway
    counts: SharedCounts

    @property
    def takes_mail(self) -> bool:
        return self.child.number > 0


class Command(BaseCommand):
    help = "Catch mail and show it: SMTP and the web in one process."
    requires_system_checks = ()  # they take time, and a test makes them

    def add_arguments(self, parser: ArgumentParser) -> None:
        for flag, what in (("--smtp", "mail"), ("--http", "the pages and the API")):
            parser.add_argument(
                flag, metavar="ADDR:PORT|off", help=f"where to listen for {what}"
            )
        parser.add_argument(
            "--workers",
            metavar="N",
            type=_number_of_workers,
            default=0,
            help="take mail in so many processes, beside one for the web",
        )
        parser.add_argument(
            "--exit-after",
            metavar="N",
            type=_at_least_0,
            default=0,
            help="end once so many messages came, with 0; with 1 if they do not",
        )
        parser.add_argument(
            "--timeout",
            metavar="SECONDS",
            type=_at_least_0,
            default=0,
            help="end after so many seconds at the latest",
        )
        parser.add_argument(
            "--print",
            choices=("json",),
            help="print each message as a line of JSON; all else goes to stderr",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            config = _with_flags(CONFIG, options["smtp"], options["http"])
            if options["workers"] and not any(config.listeners.values()):
                raise ConfigError("--workers take mail, and no listener is on")
            if options["workers"] and config.listen_fds:
                raise ConfigError(
                    "--workers have sockets of their own: do without mailsink.socket"
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
        # All is recorded by now. Threads may still be at work for clients that left: Python
        # waits for them, and then closes the database.
        end = threading.Timer(_LONGEST_END, os._exit, [code])
        end.daemon = True
        end.start()
        sys.exit(code)

    def serve(self, config: Config, expected: ExpectedMail, workers: int) -> int:
        """Start everything, serve until told to stop; return the exit code.

        workers: how many processes take mail; 0: this one does, and the web's work too
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
            for each in bind(addresses, _setting(name))
        ]
        http = bind(config.http, "--http (MAILSINK_HTTP)")
        check_handed_over()
        has_accounts = accounts.look()
        if not (has_accounts or config.insecure):
            _refuse_public([*(each for _, each in mail), *http])
        strict = _strict(config)
        switch.use(_may_send(config, http))
        guarding.use(config.guard)
        _take_routes(config)
        webhook_signals.refresh()
        audit_log.work_in_background()
        self.introduce(config, mail, http)
        if not has_accounts and any(map(is_public, http)):
            self.say(f"Setup {_pages_url(config, http)}/setup/{first_visit.offer()}")

        # Imported only now: it looks for the static files that there are.
        application = import_string(settings.ASGI_APPLICATION)
        descriptors = raised()
        profile = _profile(config, http, descriptors.shares.smtp)
        common = Common(
            config=config,
            expected=expected,
            application=application,
            mail=mail,
            http=http,
            inbox=Inbox.objects.get(slug=DEFAULT_SLUG, deleted_at=None).pk,
            strict=strict,
            logins=(logins := CredentialBook()),
            authenticator=Authenticator(config.smtp_auth, logins),
            descriptors=descriptors,
            profile=profile,
        )
        ready = partial(self.say, "Mailsink is ready.")
        if not workers:
            return self.run(common, ready)
        return self.run_processes(common, workers, ready)

    def run_processes(
        self, common: Common, workers: int, ready: Callable[[], None]
    ) -> int:
        """Run a process for the web and some for mail; return the exit code of this one."""
        servers.close_crashed()
        mail = [(kind, share(each)) for kind, each in common.mail]
        per_process = [mail] + [
            [(kind, bind_again(each)) for kind, each in mail] for _ in range(1, workers)
        ]
        places = [
            ProcessPlace("the web process", is_vital=True, sockets=common.http),
            *(
                ProcessPlace(
                    f"SMTP process {number}", sockets=[sock for _, sock in own]
                )
                for number, own in enumerate(per_process, 1)
            ),
        ]
        doorway, counts = Doorway(), SharedCounts(workers)
        import_module("mailsink.server.ahead")
        setup.let_go()  # what follows has connections of its own

        def work(child: Child) -> int:
            protocol.use_process(child.id)
            if common.config.uses_sqlite:
                share_turns(common.config.data / "write.lock")
            takes_mail = child.number > 0
            if takes_mail:
                counts.take_row(child.number - 1)
            own = replace(
                common,
                mail=per_process[child.number - 1] if takes_mail else [],
                http=[] if takes_mail else common.http,
            )
            beside = Beside(child, workers, doorway, counts)
            return self.run(own, child.ready, beside)

        return Supervisor(places, ready).run(work)

    def run(
        self, common: Common, ready: Callable[[], None], beside: Beside | None = None
    ) -> int:
        """Serve in this process until told to stop; return the exit code."""
        config, expected, profile = common.config, common.expected, common.profile
        server = _register(common, beside)
        run = import_string("mailsink.server.process.run")  # makes the loop
        workers = import_string("mailsink.asgi.workers")
        is_web = beside is None or not beside.takes_mail
        line = _line(beside, profile) if beside and beside.takes_mail else None
        feed = Feed(line.layer if line else None)
        indexed = _announcing(expected)
        first = Awaited()
        recorder: Recorder
        hub: Hub | None = None

        def busy() -> bool:
            """Whether much mail comes in, here or in the SMTP processes beside."""
            return recorder.busy or (hub is not None and hub.busy)

        indexing = indexer(busy, indexed, first)
        following = RuleFollower(busy)
        reading = large_indexer(workers.have_done, indexed)
        nudge = _nudging(indexing, reading, following)
        if beside and is_web:
            denylist = profile.starttls_denylist
            hub = Hub(beside.doorway, beside.workers, nudge, denylist)
        session_log = None if config.log == "quiet" else SessionLog(feed)
        recorder = Recorder(
            server.id,
            common.inbox,
            session_log or feed,
            nudge=line.nudge if line else nudge,
            key_of=inboxes.key_of,
            is_one_of_several=beside is not None or not config.uses_sqlite,
        )
        health.checks["recorder"] = recorder.trouble
        health.notices["objects"] = body_store.trouble
        health.notices["descriptors"] = common.descriptors.trouble
        redis = RedisWatch() if config.redis_url and is_web else None
        if redis:
            health.notices["redis"] = redis.trouble
        if hub:
            health.checks["smtp"] = hub.trouble
            health.notices["workers"] = hub.notice
        if line:
            line.is_busy = lambda: recorder.busy
            line.troubles = {
                "recorder": recorder.trouble,
                "descriptors": common.descriptors.trouble,
            }
        policy = MailPolicy(common.strict)
        policy.refresh()  # the first client is to meet it too
        common.logins.refresh()
        admission = Admission(beside.counts if line and beside else None)
        passes = Passes()
        visitors = Visitors(common.descriptors.shares.web)
        clock = ClockWatch()
        figures = ProcessFigures(
            recorder.tallies,
            gauges(
                recorder,
                lambda: feed.lag,
                admission,
                visitors,
                common.descriptors,
                config.data,
                clock,
            ),
        )
        metrics.own = server, figures
        couriers: set[ReleaseCourier] = set()
        held_mail = HeldQueue(server.id, couriers)
        health.notices |= wellbeing.notices(config.data, lambda: feed.lag, clock)
        starttls.use(profile.starttls_denylist)
        objects = _event_objects(workers.have_done)
        announced.connect(hear := _hearing(indexing, reading))
        awaited.connect(expect := _expecting(first, indexing))
        connections.close_all()  # what follows has threads of its own
        _collect_seldom()
        sys.setswitchinterval(_TURN)
        try:
            code: int = run(
                common.application,
                web_sockets=common.http,
                listeners=[
                    Listener(
                        each,
                        replace(profile, **kind.profile),
                        recorder,
                        policy,
                        common.authenticator,
                        admission,
                        common.descriptors,
                        passes,
                        held_mail,
                    )
                    for kind, each in common.mail
                ],
                background=[
                    *([beside.child.watch] if beside else []),
                    *([hub] if hub else []),
                    *([line, _outbox_watch()] if line else []),
                    *([redis] if redis else []),
                    feed,
                    *([session_log] if session_log else []),
                    recorder,
                    policy.watching(common.logins.refresh),
                    servers.heartbeat(server, figures.now),
                    *(
                        [
                            *_leaving(
                                config,
                                server.id,
                                recorder,
                                following,
                                objects,
                                profile.public_url,
                                couriers,
                                busy,
                            ),
                            indexing,
                            reading,
                            *([Reporter(server.id)] if config.bounces != "off" else []),
                            workers,
                            retention(_limits(config), profile.spool_dir),
                            *_sweeping(),
                            *([reserve()] if config.uses_sqlite else []),
                            expected,
                        ]
                        if is_web
                        else []
                    ),
                ],
                ready=ready,
                descriptors=common.descriptors,
                visitors=visitors,
            )
            if is_web and expected.code:
                self.stderr.write(f"mailsink: {expected.sentence}")
            return code or (expected.code if is_web else 0)
        finally:
            announced.disconnect(hear)
            awaited.disconnect(expect)
            audit_log.flush()
            servers.unregister(server)
            policy.close()

    def introduce(
        self,
        config: Config,
        mail: Sequence[tuple[ListenerKind, socket.socket]],
        http: Sequence[socket.socket],
    ) -> None:
        """Print where we listen, what to do next, and what may not be meant."""
        for kind, each in mail:
            self.say(f"{kind.label:5} {address_of(each)}")
        pages = [f"http://{address_of(each)}{config.public_url.path}/" for each in http]
        for url in pages:
            self.say(f"Web   {url}")
        for url in pages:  # the words of Mailpit, for which test containers wait
            self.say(f"[http] accessible via {url}")
        if sys.stdout.isatty():
            self.say("\nPoint your application's mail at the SMTP address, and open")
            self.say("the page. Control-C ends it.\n")
        for warning in config.warnings:
            self.stderr.write(f"mailsink: warning: {warning}")

    def say(self, line: str) -> None:
        """Print a line at once, to whoever waits for it."""
        self.stdout.write(line)
        self.stdout.flush()


def _register(common: Common, beside: Beside | None) -> Server:
    """Register this process, with where it listens."""
    return servers.register(
        http=[address_of(each) for each in common.http],
        id=protocol.process(),
        is_one_of_several=beside is not None,
        dead=beside.child.dead if beside else None,
        **{
            name: [address_of(each) for kind, each in common.mail if kind.name == name]
            for name in LISTENER_KINDS
        },
    )


def _line(beside: Beside, profile: Profile) -> HubLine:
    """Return the line of an SMTP process to the web process."""
    layer = feed_layer(beside.workers)
    return HubLine(beside.doorway, layer, profile.starttls_denylist)


def _outbox_watch() -> Background:
    """Return the work of an SMTP process that keeps up with what webhooks want."""

    def look() -> float:
        webhook_signals.refresh()
        return _LOOK_EVERY

    return Background("webhooks' events", look)


def _take_routes(config: Config) -> None:
    """Keep the routes that the settings have. Raises ConfigError."""
    try:
        routes_from_settings.take(config.routes)
    except ValueError as error:
        words = " ".join(str(error).split())
        raise ConfigError(f"MAILSINK_ROUTES: {words}") from None


def _strict(config: Config) -> StrictSetting:
    """Return how strict the server is. Raises ConfigError."""
    try:
        strict_setting.clean(config.strict_ignore)
    except Invalid as error:
        raise ConfigError(f"MAILSINK_STRICT_IGNORE: {error}") from None
    return strict_setting.of_server(config)


def _leaving(
    config: Config,
    server: UUID,
    recorder: Recorder,
    following: RuleFollower,
    objects: Objects,
    base_url: str,
    couriers: set[ReleaseCourier],
    busy: Callable[[], bool],
) -> list[BackgroundWork]:
    """Return the work of what leaves Mailsink: none, where nothing may."""
    if not switch.is_on():
        return []
    poster = Poster(config.webhooks_private)
    return [
        Deliverer(server, recorder.record, couriers),
        Background("held mail", held_intake.look),
        RouteTrials(recorder.record),
        following,
        WebhookCaller(server, objects, poster, base_url, busy),
    ]


def _sweeping() -> list[BackgroundWork]:
    """Return the work of sweeping object storage, where large bodies are in one."""
    if (store := body_store.objects()) is None:
        return []
    return [orphan_sweep(store)]


def _event_objects(have_done: Callable[[Mapping[str, str]], bytes]) -> Objects:
    """Return the objects of events; the API, a third of the start, is loaded with the first."""
    made = "inbox.api.v3.event_objects.EventObjects"
    return cast(Objects, SimpleLazyObject(lambda: import_string(made)(have_done)))


def _setting(name: str) -> str:
    """Return what names the addresses of a kind of listener, for messages."""
    variable = f"MAILSINK_{LISTENER_KINDS[name].setting}"
    return f"--smtp ({variable})" if name == "smtp" else variable


def _profile(config: Config, http: Sequence[socket.socket], most: int) -> Profile:
    """Return how all listeners behave. most: how many connections there can be"""
    return replace(
        config.profile,
        max_connections=min(config.profile.max_connections or most, most),
        spool_dir=config.data / "spool",
        public_url=_pages_url(config, http),
        tls=_tls(config),
        failing_tls=_failing_tls(config),
        starttls_denylist=_denylist(config),
    )


def _tls(config: Config) -> ssl.SSLContext:
    """Return how all listeners speak TLS. Raises ConfigError."""
    if config.tls_cert is None or config.tls_key is None:
        try:
            return own_context(config.data, config.hostname, config.tls_min)
        except OSError as error:
            raise unusable_data(config.data, error) from None
    try:
        return server_context(config.tls_cert, config.tls_key, config.tls_min)
    except ValueError as error:
        raise ConfigError(f"MAILSINK_TLS_CERT and MAILSINK_TLS_KEY: {error}") from None


def _failing_tls(config: Config) -> FailingContexts:
    """Return how TLS fails where a rule says so. Raises ConfigError."""
    try:
        return failing_contexts(config.data, config.hostname, config.tls_min)
    except OSError as error:
        raise unusable_data(config.data, error) from None


def _denylist(config: Config) -> StarttlsDenylist | None:
    """Return who is to do without STARTTLS: nobody, where TLS is asked for by a setting."""
    profile = config.profile
    asked = config.tls_cert or profile.require_tls or profile.auth_requires_tls
    return None if asked else StarttlsDenylist()


def _pages_url(config: Config, http: Sequence[socket.socket]) -> str:
    return str(config.public_url) or _own_url(http, config.public_url.path)


def _own_url(http: Sequence[socket.socket], path: str) -> str:
    """Return the URL of the pages for who is on this machine; "" where there are none."""
    if not http:
        return ""
    host, port = http[0].getsockname()[:2]
    return f"http://{ListenAddress(_HERE.get(host, host), port)}{path}"


def _limits(config: Config) -> RetentionLimits:
    return RetentionLimits(
        messages=config.retention_messages,
        sessions=config.retention_sessions,
        days=config.retention_days,
        audit_days=config.audit_days,
        trash_hours=config.trash_hours,
    )


def _print_message(out: OutputWrapper, message: Message) -> None:
    """Print a message as a line of JSON."""
    octets = min(message.size, LARGE)
    included = import_string("inbox.api.v3.message_details.included")
    content = included(message, ("text", "codes", "links"), octets)
    out.write(json.dumps({**serializers.message(message), **content}))
    out.flush()


def _announcing(expected: ExpectedMail) -> Callable[[list[UUID]], None]:
    """Return what the indexers call with the messages that they have indexed."""

    def indexed(ids: list[UUID]) -> None:
        announce([MessageUpdated(each) for each in ids])
        expected.came(ids)

    return indexed


def _number_of_workers(text: str) -> int:
    number = _at_least_0(text)
    if number > _MOST_WORKERS:
        raise ArgumentTypeError(f"there can be at most {_MOST_WORKERS} processes")
    return number


def _at_least_0(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)


def _nudging(
    indexing: Background, reading: Background, following: RuleFollower
) -> Callable[[int], None]:
    """Return what tells the indexers, and the rules, of a message of so many octets."""

    def nudge(size: int) -> None:
        indexing.nudge()
        following.nudge()
        if size > LARGE:
            reading.nudge()

    return nudge


def _hearing(indexing: Background, reading: Background) -> Callable[..., None]:
    """Return what wakes the indexers when messages were imported."""

    def hear(announcements: Sequence[Announcement], **_: Any) -> None:
        if any(isinstance(each, MessageImported) for each in announcements):
            indexing.nudge()
            reading.nudge()

    return hear


def _expecting(first: Awaited, indexing: Background) -> Callable[..., None]:
    """Return the listener that lets messages which somebody waits for be indexed first."""

    def expect(ids: Collection[UUID], **_: Any) -> None:
        first.add(ids)
        indexing.nudge()

    return expect


def _collect_seldom() -> None:
    """Keep the garbage collector from stopping the loop.

    The objects made by the start stay, so they are not looked at again. A full
    collection beside thousands of requests takes half a second, so there are fewer.
    """
    gc.freeze()
    gc.set_threshold(700, 10, 100)


def _with_flags(config: Config, smtp: str | None, http: str | None) -> Config:
    """Return the config with what the flags say. Raises ConfigError."""
    config = replace(
        config,
        listeners=config.listeners
        if smtp is None
        else {**config.listeners, "smtp": _flag("--smtp", smtp)},
        http=config.http if http is None else _flag("--http", http),
    )
    if not (config.http or any(config.listeners.values())):
        raise ConfigError("SMTP and the web are both off: there is nothing to serve")
    return config


def _flag(name: str, text: str) -> tuple[ListenAddress, ...]:
    try:
        return ADDRESSES.parse(text)
    except ValueError:
        raise ConfigError(f"{name} is {text!r}, but takes {ADDRESSES.takes}") from None


def _may_send(config: Config, http: Sequence[socket.socket]) -> bool:
    """Whether mail may go out: where others reach the pages, only if somebody says so."""
    if config.outgoing != "auto":
        return config.outgoing == "yes"
    named = {
        urlsplit(config.public_url.origin).hostname or "localhost",
        *config.allowed_hosts,
    }
    return named <= _LOCAL and not any(is_public(each) for each in http)


def _refuse_public(sockets: Sequence[socket.socket]) -> None:
    """Raise ConfigError if others reach what has no accounts, and nobody said so."""
    if public := [address_of(each) for each in sockets if is_public(each)]:
        raise ConfigError(
            f"{', '.join(public)} can be reached from other machines, and there are no "
            "accounts: make the first administrator with `mailsink setup`, or say with "
            "MAILSINK_INSECURE=yes that everybody may send, read and delete"
        )
