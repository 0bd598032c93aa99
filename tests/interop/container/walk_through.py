"""What a user of the container does, from the start to the end; prints what it saw as JSON.

usage: walk_through.py VENV, in an empty environment
"""

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

VENV = Path(sys.argv[1])
SCRIPTS = VENV / "bin"
PHP = """
$sent = mail('ann@example.com', 'From PHP', "Your code is 482913\\n",
    "From: shop@example.com\\r\\nBcc: eve@example.com", '-fbounce@example.com');
exit($sent ? 0 : 1);
"""


def call(
    name: str, *arguments: str, path: Path = SCRIPTS, **variables: str
) -> list[Any]:
    """Run a program with these variables alone; return its exit code and its output."""
    done = subprocess.run(
        [str(path / name), *arguments],
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return [done.returncode, done.stdout, done.stderr]


def start(name: str, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start a program as the image does; its output can be read."""
    return subprocess.Popen(
        [str(SCRIPTS / name), *arguments],
        env={"MAILSINK_LISTEN": "all", "MAILSINK_INSECURE": "yes", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def until(process: subprocess.Popen[str], text: str) -> list[str]:
    """Return the lines of a program up to the first that has a text."""
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if text in line:
            break
    return lines


def sent_until_heard(tail: subprocess.Popen[str]) -> tuple[list[Any], list[str]]:
    """Send until `tail` prints it: nobody can ask whether it already listens."""
    words = ("--to", "ann@example.com", "--subject", "Hello")
    while True:
        sent = call("mailsink", "send", *words)
        if select.select([tail.stdout], [], [], 0)[0]:
            return sent, until(tail, "QUIT")


def end(process: subprocess.Popen[str]) -> int:
    process.terminate()
    return process.wait(120)


def refused(path: str) -> bool:
    """Whether nothing can be written there."""
    try:
        Path(path).touch()
    except OSError:
        return True
    return False


def written() -> list[str]:
    """Return the files of this user."""
    mine = []
    for top, folders, files in os.walk("/"):
        folders[:] = [
            each for each in folders if top != "/" or each not in ("proc", "dev")
        ]
        for name in files:
            path = os.path.join(top, name)
            if os.lstat(path).st_uid == os.getuid():
                mine.append(path)
    return sorted(mine)


def main() -> None:
    saw: dict[str, Any] = {
        "user": [os.getuid(), os.getgid(), dict(os.environ)],
        "read_only": [refused("/file"), refused("/usr/file"), refused(f"{VENV}/file")],
    }
    server = start("mailsink", "serve")
    saw["start"] = until(server, "Mailsink is ready.")
    saw["ready"] = call("mailsink", "ready", "--wait")
    tail = start("mailsink", "tail", NO_COLOR="1")
    saw["send"], saw["tail"] = sent_until_heard(tail)
    end(tail)
    saw["wait"] = call("mailsink", "wait", "to:ann@example.com", "--json")
    sendmail = f"{SCRIPTS}/mailpit sendmail -t -i --smtp-addr 127.0.0.1:1025"
    php = ["-n", "-d", f"sendmail_path={sendmail}", "-r", PHP]
    saw["php"] = call("php", *php, path=Path("/usr/bin"))
    saw["code"] = call("mailsink", "wait", "subject:PHP", "--codes")
    saw["blind"] = call("mailsink", "wait", "bcc:eve@example.com", "--json")
    saw["health"] = call("mailpit", "readyz")
    saw["end"] = end(server)
    again = start("mailpit", "--max", "5", MP_DATA_FILE="/var/mailpit.db")
    saw["sail"] = until(again, "Mailsink is ready.")
    found = json.loads(call("mailsink", "messages", "--json")[1])
    saw["kept"] = sorted({each["subject"] for each in found})
    saw["end again"] = end(again)
    saw["written"] = written()
    json.dump(saw, sys.stdout)


main()
