"""A private Exim, which takes a mail on its standard input and delivers it at once.

It needs no installation, no user of its own, and no root: its binary insists on a user
Debian-exim, whom nss_wrapper shows to it.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.interop.clients import run
from tests.programs import part, program

_CONFIGURATION = """
spool_directory = {folder}
log_file_path = {folder}/%slog
exim_user = {user}
exim_group = {group}
# It would start itself again to become root again.
deliver_drop_privilege
keep_environment =
primary_hostname = exim.test
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
acl_smtp_rcpt = accept
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
"""


class Exim:
    """An Exim that delivers all its mail to one relay.

    settings, transport: further lines of its configuration
    """

    def __init__(
        self, folder: Path, relay: tuple[str, int], settings: str, transport: str
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
                settings=settings,
                transport=transport,
            )
        )

    def __call__(self, *arguments: str, text: str) -> str:
        """Run it with arguments, and text on its standard input; return its words."""
        return run(
            self._exim,
            *("-C", str(self._folder / "conf"), "-odf", *arguments),
            text=text,
            LD_PRELOAD=part("*-linux-gnu/libnss_wrapper.so", "libnss-wrapper"),
            NSS_WRAPPER_PASSWD=str(self._folder / "passwd"),
            NSS_WRAPPER_GROUP=str(self._folder / "group"),
        )

    @property
    def log(self) -> str:
        """What it has written to its main log."""
        return (self._folder / "mainlog").read_text()


@contextmanager
def exim(
    relay: tuple[str, int], *, settings: str = "", transport: str = ""
) -> Iterator[Exim]:
    """Prepare an Exim."""
    folder = Path(tempfile.mkdtemp(prefix="mailsink-exim-"))
    try:
        yield Exim(folder, relay, settings, transport)
    finally:
        shutil.rmtree(folder)
