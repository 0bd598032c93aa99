"""A private Exim, which takes a mail on its standard input or a port, and delivers it at once.

It needs no installation, no user of its own, and no root: its binary insists on a user
Debian-exim, whom nss_wrapper shows to it.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.interop.clients import run
from tests.private import free_port
from tests.programs import environment, part, program

_CONFIGURATION = """
spool_directory = {folder}
log_file_path = {folder}/%slog
pid_file_path = {folder}/pid
exim_user = {user}
exim_group = {group}
# It would start itself again to become root again.
deliver_drop_privilege
keep_environment =
primary_hostname = exim.test
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
acl_smtp_rcpt = accept {condition}
acl_smtp_data = accept
{settings}
begin routers
all:
  driver = manualroute
  route_list = * {host}
  self = send
  transport = mailsink
begin transports
mailsink:
  driver = smtp
  port = {port}
  allow_localhost
  {transport}
{authenticators}
{retry}
"""


class Exim:
    """An Exim that delivers all its mail to one relay.

    further: lines of its configuration (see exim)
    """

    def __init__(
        self, folder: Path, relay: tuple[str, int], further: dict[str, str]
    ) -> None:
        self._folder = folder
        self._exim = program("exim4", "exim4-daemon-light")
        # Root is refused as its user; whoever else we are will do.
        uid = os.getuid() or pwd.getpwnam("daemon").pw_uid
        user = pwd.getpwuid(uid)
        os.chown(folder, user.pw_uid, user.pw_gid)
        names = f"Debian-exim:x:{user.pw_uid}:{user.pw_gid}::/:/bin/false\n"
        (folder / "passwd").write_text(Path("/etc/passwd").read_text() + names)
        names = f"Debian-exim:x:{user.pw_gid}:\n"
        (folder / "group").write_text(Path("/etc/group").read_text() + names)
        (folder / "conf").write_text(
            _CONFIGURATION.format(
                folder=folder,
                user=user.pw_name,
                group=grp.getgrgid(user.pw_gid).gr_name,
                host=relay[0],
                port=relay[1],
                **further,
            )
        )
        self._environment = {
            "LD_PRELOAD": part("*-linux-gnu/libnss_wrapper.so", "libnss-wrapper"),
            "NSS_WRAPPER_PASSWD": str(folder / "passwd"),
            "NSS_WRAPPER_GROUP": str(folder / "group"),
        }

    def __call__(self, *arguments: str, text: str) -> str:
        """Run it with arguments, and text on its standard input; return its words."""
        return run(
            self._exim,
            *("-C", str(self._folder / "conf"), "-odf", *arguments),
            text=text,
            **self._environment,
        )

    @contextmanager
    def listening(self, queue_interval: str = "") -> Iterator[tuple[str, int]]:
        """Let it take mail on a port; gives its (host, port).

        queue_interval: how often it looks for what is to be tried again, as Exim writes
        times; without one it never does
        """
        address = "127.0.0.1", free_port()
        arguments = ["-C", str(self._folder / "conf"), "-bdf", "-odf"]
        if queue_interval:
            arguments.append(f"-q{queue_interval}")
        daemon = subprocess.Popen(
            [self._exim, *arguments, "-oX", "[{}]:{}".format(*address)],
            env=environment(self._exim) | self._environment,
        )
        try:
            _await_listener(daemon, address)
            yield address
        except BaseException as error:
            error.add_note(self.log)
            raise
        finally:
            daemon.kill()
            daemon.wait()

    @property
    def log(self) -> str:
        """What it has written to its logs."""
        logs = [self._folder / name for name in ("mainlog", "rejectlog", "paniclog")]
        return "".join(each.read_text() for each in logs if each.exists())


def _await_listener(daemon: subprocess.Popen[bytes], address: tuple[str, int]) -> None:
    until = time.monotonic() + 120
    while daemon.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(address, 1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("Exim does not listen")


@contextmanager
def exim(
    relay: tuple[str, int],
    *,
    settings: str = "",
    condition: str = "",
    transport: str = "",
    authenticators: str = "",
    retry: str = "",
) -> Iterator[Exim]:
    """Prepare an Exim.

    retry: its schedules, a line for each pattern; none: a day later
    settings, transport, authenticators: further lines of its configuration
    condition: on which it takes a recipient, as of its ACLs
    """
    folder = Path(tempfile.mkdtemp(prefix="mailsink-exim-"))
    try:
        further = {
            "settings": settings,
            "condition": condition,
            "transport": transport,
            "authenticators": authenticators,
            "retry": f"begin retry\n{retry}" if retry else "",
        }
        yield Exim(folder, relay, further)
    finally:
        shutil.rmtree(folder)
