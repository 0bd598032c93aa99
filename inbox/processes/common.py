"""The start values of a server's processes."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inbox.live.hub_wire import Doorway
from inbox.policy.authenticator import Authenticator
from inbox.policy.credential_book import CredentialBook
from inbox.policy.strict_setting import StrictSetting
from inbox.upkeep.expected_mail import ExpectedMail
from mailsink.certificates import Certificates
from mailsink.conf import Config
from mailsink.descriptors import Descriptors
from mailsink.smtp.listener_kinds import ListenerKind
from mailsink.smtp.net.shared_counts import SharedCounts
from mailsink.smtp.profile import Profile
from mailsink.sockets import WebPorts
from mailsink.supervisor import Child


@dataclass(frozen=True, slots=True)
class Common:
    """The values that all processes of a server share, made before the processes."""

    config: Config
    expected: ExpectedMail
    application: Any
    mail: Sequence[tuple[ListenerKind, socket.socket]]
    web: WebPorts
    certificates: Certificates
    inbox: int
    strict: StrictSetting
    logins: CredentialBook
    authenticator: Authenticator
    descriptors: Descriptors
    profile: Profile


@dataclass(frozen=True, slots=True)
class Beside:
    """Additional values for a process that is one of several."""

    child: Child
    workers: int
    doorway: Doorway
    counts: SharedCounts

    @property
    def takes_mail(self) -> bool:
        return self.child.number > 0
