"""A private Postfix on loopback, which delivers all its mail to one relay.

It needs no installation and no user or group of its own, but root, to become others.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.private import free_port
from tests.programs import environment, part, program

# Postfix wants three that differ; each Debian has these.
_OWNER, _POSTDROP, _NOBODY = "daemon", "mail", "nobody"

_SETTINGS = {
    "compatibility_level": "3.6",
    "mail_owner": _OWNER,
    "setgid_group": _POSTDROP,
    "default_privs": _NOBODY,
    # Its daemons start with an empty environment otherwise, and without libraries.
    "import_environment": "MAIL_CONFIG MAIL_LOGTAG TZ LANG=C LD_LIBRARY_PATH",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "myhostname": "postfix.test",
    "mydestination": "",
    "alias_maps": "",
    "alias_database": "",
    "notify_classes": "",
}

_SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup  unix n - n - 0     cleanup
qmgr     unix n - n 300 1   qmgr
tlsmgr   unix - - n 1000? 1 tlsmgr
rewrite  unix - - n - -     trivial-rewrite
bounce   unix - - n - 0     bounce
defer    unix - - n - 0     bounce
trace    unix - - n - 0     bounce
proxymap unix - - n - -     proxymap
smtp     unix - - n - -     smtp
lmtp     unix - - n - -     lmtp
lmtp     unix - - n - -     lmtp
error    unix - - n - -     error
retry    unix - - n - -     error
scache   unix - - n - 1     scache
postlog  unix-dgram n - n - 1 postlogd
"""

# In its queue: what is its own, and what its group may reach.
_OWN = "active bounce corrupt defer deferred flush hold incoming private saved trace"
_SHARED = {"maildrop": 0o730, "public": 0o710}


class NeedsRootError(Exception):
    """Postfix changes to other users; the text says what to do."""


@contextmanager
def postfix(relay: tuple[str, int], **settings: str) -> Iterator[tuple[str, int]]:
    """Run a Postfix with these settings of main.cf more; gives its (host, port)."""
    if os.getuid() != 0:
        raise NeedsRootError("a private Postfix takes root: run `sudo make interop`")
    master = part("postfix/sbin/master", "postfix")
    folder = Path(tempfile.mkdtemp(prefix="mailsink-postfix-"))
    try:
        folder.chmod(0o711)  # its daemons run as _OWNER
        port = free_port()
        _configure(folder, master, port, relay, settings)
        subprocess.run(
            # returns once it listens
            [master, "-c", str(folder / "conf"), "-w"],
            env=environment(master),
            check=True,
            timeout=120,
        )
        try:
            yield "127.0.0.1", port
        except BaseException as error:
            error.add_note((folder / "log").read_text())
            raise
        finally:
            _stop(int((folder / "queue/pid/master.pid").read_text()))
    finally:
        shutil.rmtree(folder)


def _configure(
    folder: Path,
    master: str,
    port: int,
    relay: tuple[str, int],
    settings: dict[str, str],
) -> None:
    """Write its configuration, and make its folders."""
    conf, queue, data = (folder / name for name in ("conf", "queue", "data"))
    for each in (conf, queue, queue / "pid", data):
        each.mkdir()
    shutil.chown(data, _OWNER)
    for name in _OWN.split():
        (queue / name).mkdir(mode=0o700)
        shutil.chown(queue / name, _OWNER)
    for name, mode in _SHARED.items():
        (queue / name).mkdir()
        (queue / name).chmod(mode)
        shutil.chown(queue / name, _OWNER, _POSTDROP)
    places = {
        "queue_directory": queue,
        "data_directory": data,
        "meta_directory": conf,
        "daemon_directory": Path(master).parent,
        "command_directory": Path(program("postconf", "postfix")).parent,
        "maillog_file": folder / "log",
        "maillog_file_prefixes": folder,
        "relayhost": "[{}]:{}".format(*relay),
    }
    write_main_cf(conf, places | settings)
    (conf / "master.cf").write_text(_SERVICES.format(port=port))


def write_main_cf(folder: Path, settings: Mapping[str, object]) -> None:
    """Write a main.cf, of what every program of Postfix wants to find, and settings."""
    lines = [f"{name} = {value}\n" for name, value in {**_SETTINGS, **settings}.items()]
    (folder / "main.cf").write_text("".join(lines))


def _stop(master: int) -> None:
    """End it with all its daemons, which are of one process group."""
    handle = os.pidfd_open(master)
    os.killpg(master, signal.SIGKILL)
    select.select([handle], [], [], 120)
    os.close(handle)
