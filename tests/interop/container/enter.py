"""Makes what a container would be of folders of this machine, and runs a program in it.

usage: unshare -mnp --fork --mount-proc python enter.py NEW_ROOT FOLDER… -- PROGRAM…

The program sees the folders at their own paths, read-only, and with the system's own; only
/data and /tmp can be written. It is user 1001 of group 0, without capabilities, its
environment is empty, and its network has nothing but loopback. Needs the rights of root.
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc", "/dev", "/proc")
_USER, _GROUP = 1001, 0
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def bind(folder: Path, root: Path) -> None:
    """Show a folder, or a link as one, below the new root."""
    there = root / folder.relative_to("/")
    if folder.is_symlink():
        there.symlink_to(os.readlink(folder))
        return
    if not folder.exists():
        return
    there.mkdir(parents=True, exist_ok=True)
    mount("--rbind", str(folder), str(there))
    if str(folder) not in ("/dev", "/proc"):
        mount("-o", "remount,bind,ro", str(there))


def make_root(root: Path, folders: list[Path]) -> None:
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(root))
    for name, options in (("data", "mode=0775"), ("tmp", "mode=1777")):
        (root / name).mkdir()
        owned = f"{options},uid={_USER if name == 'data' else 0},gid=0"
        mount("-t", "tmpfs", "-o", owned, "tmpfs", str(root / name))
    (root / "var").mkdir()
    for folder in [*map(Path, _SYSTEM), *folders]:
        bind(folder, root)
    mount("-o", "remount,ro", str(root))


def loopback_up() -> None:
    with socket.socket() as any_socket:
        request = struct.pack("16sh14x", b"lo", _IFF_UP)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, request)


def main() -> None:
    apart = sys.argv.index("--")
    root, *folders = map(Path, sys.argv[1:apart])
    program = sys.argv[apart + 1 :]
    make_root(root, folders)
    loopback_up()
    os.chroot(root)
    os.chdir("/")
    os.setgroups([])
    os.setresgid(_GROUP, _GROUP, _GROUP)
    os.setresuid(_USER, _USER, _USER)
    os.execve(program[0], program, {})


main()
