"""One process of a server: its parts, put together."""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from django.db import connections
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from inbox.access import audit_log
from inbox.api import health, metrics
from inbox.capture.recorder import Recorder
from inbox.live import protocol
from inbox.live.feed import Feed
from inbox.live.hub import Hub
from inbox.live.hub_line import HubLine, feed_layer
from inbox.live.redis_watch import RedisWatch
from inbox.mailbox import inboxes
from inbox.models import Server
from inbox.outgoing import held_intake, switch
from inbox.outgoing.courier import ReleaseCourier
from inbox.outgoing.deliverer import Deliverer
from inbox.outgoing.held_queue import HeldQueue
from inbox.outgoing.route_trials import RouteTrials
from inbox.policy import starttls
from inbox.policy.mail_policy import MailPolicy
from inbox.processes.common import Beside, Common
from inbox.processes.from_config import retention_limits
from inbox.processes.nudges import announcing, listening, nudging
from inbox.storage import body_store
from inbox.upkeep import servers, wellbeing
from inbox.upkeep.background import Background
from inbox.upkeep.indexer import Awaited, indexer, large_indexer
from inbox.upkeep.orphans import orphan_sweep
from inbox.upkeep.process_figures import ProcessFigures, gauges
from inbox.upkeep.reporter import Reporter
from inbox.upkeep.reserve import reserve
from inbox.upkeep.retention import retention
from inbox.upkeep.rule_follower import RuleFollower
from inbox.upkeep.session_log import SessionLog
from inbox.upkeep.wellbeing import ClockWatch
from inbox.webhooks import webhook_signals
from inbox.webhooks.webhook_caller import Objects, WebhookCaller
from mailsink.posting.poster import Poster
from mailsink.server.https_ports import HttpsPorts
from mailsink.smtp.listener_kinds import LISTENER_KINDS, ListenerKind
from mailsink.smtp.net.admission import Admission
from mailsink.smtp.net.listener import Listener
from mailsink.smtp.net.passes import Passes
from mailsink.sockets import address_of
from mailsink.web.visitors import Visitors

if TYPE_CHECKING:
    from mailsink.server.process import BackgroundWork

_LOOK_EVERY = 1.0  # seconds
# Seconds that a thread may hold the interpreter while others wait. A mail needs it
# dozens of times, and each time the threads that answer requests would hold it for 5
# ms.
_TURN = 0.001


class OneProcess:
    """A process that serves the web, accepts mail, or both."""

    def __init__(self, common: Common, beside: Beside | None = None) -> None:
        """beside: the facts about the other processes, if it is one of several"""
        self._common = common
        self._config = config = common.config
        self._beside = beside
        self._is_web = beside is None or not beside.takes_mail
        self._server = _register(common, beside)
        # importing it makes the loop
        self._serve = import_string("mailsink.server.process.run")
        self._loop = import_string("mailsink.server.process.loop")
        self._workers = import_string("mailsink.asgi.workers")
        self._line = self._line_to_web()
        self._feed = Feed(self._line.layer if self._line else None)
        indexed = announcing(common.expected)
        self._first = Awaited()
        self._indexing = indexer(self._is_busy, indexed, self._first)
        self._following = RuleFollower(self._is_busy)
        self._reading = large_indexer(self._workers.have_done, indexed)
        self._nudge = nudging(self._indexing, self._reading, self._following)
        self._hub = self._hub_of_others()
        quiet = config.log == "quiet"
        self._session_log = None if quiet else SessionLog(self._feed)
        self._recorder = Recorder(
            self._server.id,
            common.inbox,
            self._session_log or self._feed,
            nudge=self._line.nudge if self._line else self._nudge,
            key_of=inboxes.key_of,
            is_one_of_several=beside is not None or not config.uses_sqlite,
        )
        uses_redis = config.redis_url and self._is_web
        self._redis = RedisWatch() if uses_redis else None
        self._policy = MailPolicy(common.strict)
        self._admission = Admission(beside.counts if self._line and beside else None)
        self._visitors = Visitors(common.descriptors.shares.web)
        self._clock = ClockWatch()
        self._figures = self._figures_of_process()
        self._couriers: set[ReleaseCourier] = set()
        self._passes = Passes()

    def run(self, ready: Callable[[], None]) -> int:
        """Serve until asked to stop; return the exit code of the process."""
        self._show_health()
        self._policy.refresh()  # already for the first client
        self._common.logins.refresh()
        starttls.use(self._common.profile.starttls_denylist)
        listeners, background = self._listeners(), self._background()
        try:
            with listening(self._first, self._indexing, self._reading):
                connections.close_all()  # the following work has its own threads
                _collect_seldom()
                sys.setswitchinterval(_TURN)
                code: int = self._serve(
                    self._common.application,
                    web_sockets=self._common.web.http,
                    listeners=listeners,
                    background=background,
                    ready=ready,
                    descriptors=self._common.descriptors,
                    visitors=self._visitors,
                    https=self._https_ports(),
                )
        finally:
            audit_log.flush()
            servers.unregister(self._server)
            self._policy.close()
        return code or (self._missing_mail() if self._is_web else 0)

    def _is_busy(self) -> bool:
        """Whether much mail is coming in, here or in the SMTP processes."""
        return self._recorder.busy or (self._hub is not None and self._hub.busy)

    def _line_to_web(self) -> HubLine | None:
        """Return the line of an SMTP process to the web process."""
        if self._beside is None or self._is_web:
            return None
        layer = feed_layer(self._beside.workers)
        denylist = self._common.profile.starttls_denylist
        return HubLine(self._beside.doorway, layer, denylist)

    def _hub_of_others(self) -> Hub | None:
        """Return the hub that connects a web process to the SMTP processes."""
        if self._beside is None or not self._is_web:
            return None
        denylist = self._common.profile.starttls_denylist
        return Hub(self._beside.doorway, self._beside.workers, self._nudge, denylist)

    def _figures_of_process(self) -> ProcessFigures:
        """Return the counters and gauges, also for /metrics."""
        read = gauges(
            self._recorder,
            lambda: self._feed.lag,
            self._admission,
            self._visitors,
            self._common.descriptors,
            self._config.data,
            self._clock,
            self._loop,
        )
        figures = ProcessFigures(self._recorder.tallies, read)
        metrics.own = self._server, figures
        return figures

    def _show_health(self) -> None:
        """Make the pages, and /health/ready, show faults."""
        health.checks["recorder"] = self._recorder.trouble
        health.notices["objects"] = body_store.trouble
        health.notices["descriptors"] = self._common.descriptors.trouble
        health.notices["certificates"] = self._common.certificates.trouble
        if self._redis:
            health.notices["redis"] = self._redis.trouble
        if self._hub:
            health.checks["smtp"] = self._hub.trouble
            health.notices["workers"] = self._hub.notice
        if self._line:
            self._line.is_busy = lambda: self._recorder.busy
            self._line.troubles = {
                "recorder": self._recorder.trouble,
                "descriptors": self._common.descriptors.trouble,
            }
        health.notices |= wellbeing.notices(
            self._config.data, lambda: self._feed.lag, self._clock
        )

    def _listeners(self) -> list[Listener]:
        held_mail = HeldQueue(self._server.id, self._couriers)

        def listener(kind: ListenerKind, bound: socket.socket) -> Listener:
            return Listener(
                bound,
                replace(self._common.profile, **kind.profile),
                self._recorder,
                self._policy,
                self._common.authenticator,
                self._admission,
                self._common.descriptors,
                self._passes,
                held_mail,
            )

        return [listener(kind, bound) for kind, bound in self._common.mail]

    def _https_ports(self) -> HttpsPorts | None:
        shown, sockets = self._common.certificates.web, self._common.web.https
        return HttpsPorts(sockets, shown, self._passes) if shown else None

    def _background(self) -> list[BackgroundWork]:
        """Return the background work: it starts in this order, and stops in reverse."""
        line: list[BackgroundWork] = [self._line, _outbox_watch()] if self._line else []
        return [
            *([self._beside.child.watch] if self._beside else []),
            *self._common.certificates.watches(),
            *([self._hub] if self._hub else []),
            *line,
            *([self._redis] if self._redis else []),
            self._feed,
            *([self._session_log] if self._session_log else []),
            self._recorder,
            self._policy.watching(self._common.logins.refresh),
            servers.heartbeat(self._server, self._figures.now),
            *(self._work_of_web() if self._is_web else []),
        ]

    def _work_of_web(self) -> list[BackgroundWork]:
        """Return the work that one process of a server does for all."""
        config = self._config
        limits = retention_limits(config)
        store = body_store.objects()
        sweeps: list[BackgroundWork] = [orphan_sweep(store)] if store else []
        return [
            *(self._leaving() if switch.is_on() else []),
            self._indexing,
            self._reading,
            *([Reporter(self._server.id)] if config.bounces != "off" else []),
            self._workers,
            retention(limits, self._common.profile.spool_dir),
            *sweeps,
            *([reserve()] if config.uses_sqlite else []),
            self._common.expected,
        ]

    def _leaving(self) -> list[BackgroundWork]:
        """Return the work of everything that leaves Mailsink."""
        objects = _event_objects(self._workers.have_done)
        poster = Poster(self._config.webhooks_private)
        url = self._common.profile.public_url
        return [
            Deliverer(self._server.id, self._recorder.record, self._couriers),
            Background("held mail", held_intake.look),
            RouteTrials(self._recorder.record),
            self._following,
            WebhookCaller(self._server.id, objects, poster, url, self._is_busy),
        ]

    def _missing_mail(self) -> int:
        """Return the exit code of `--exit-after`; print what did not arrive."""
        expected = self._common.expected
        if expected.code:
            sys.stderr.write(f"mailsink: {expected.sentence}\n")
        return expected.code


def _register(common: Common, beside: Beside | None) -> Server:
    """Register this process, with its listeners."""
    return servers.register(
        http=[address_of(each) for each in common.web.sockets],
        id=protocol.process(),
        is_one_of_several=beside is not None,
        dead=beside.child.dead if beside else None,
        **{
            name: [address_of(each) for kind, each in common.mail if kind.name == name]
            for name in LISTENER_KINDS
        },
    )


def _outbox_watch() -> Background:
    """Return the work of an SMTP process that follows which events webhooks want."""

    def look() -> float:
        webhook_signals.refresh()
        return _LOOK_EVERY

    return Background("webhooks' events", look)


def _event_objects(have_done: Callable[[Mapping[str, str]], bytes]) -> Objects:
    """Return the objects of events.

    The API, a third of the start time, is imported with the first one.
    """
    made = "inbox.api.v3.event_objects.EventObjects"
    return cast(Objects, SimpleLazyObject(lambda: import_string(made)(have_done)))


def _collect_seldom() -> None:
    """Keep the garbage collector from stopping the loop.

    The objects from the start stay, so they are excluded. A full collection takes half
    a second among thousands of requests, so it runs less often.
    """
    gc.freeze()
    gc.set_threshold(700, 10, 100)
