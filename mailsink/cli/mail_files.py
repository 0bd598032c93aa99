"""`export` and `import`: captured mail as an mbox, a Maildir, .eml files, JSON lines."""

from __future__ import annotations

import base64
import json as json_module
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import track

from mailsink.cli.api_client import (
    DEFAULT_URL,
    ApiClient,
    ApiFailure,
    AsJson,
    Url,
)
from mailsink.cli.mail_commands import found_messages
from mailsink.cli.printing import as_json, say

_MESSAGE, _MBOX = "message/rfc822", "application/mbox"
_MAILDIR = ("cur", "new", "tmp")
_LARGEST = 2 * 1024**3  # octets of a file, or of a line of JSON
# Without a terminal there is no bar, and a pipe gets none of it.
_bar = Console(stderr=True)


class Form(StrEnum):
    """The form of an export."""

    mbox = "mbox"
    zip = "zip"
    eml = "eml"
    maildir = "maildir"
    jsonl = "jsonl"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(export)
    app.command("import")(import_)


def export(
    file: Annotated[
        Path,
        typer.Argument(help="The file to write; for eml and maildir, the folder."),
    ],
    q: Annotated[str, typer.Option("-q", help="A search; without one, all.")] = "",
    form: Annotated[Form, typer.Option("--format")] = Form.mbox,
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Write captured mail to a file: an mbox, a zip or a folder of .eml, a Maildir, JSON lines."""
    client = ApiClient(url)
    with _writing(file):
        if form in (Form.mbox, Form.zip):
            done = {"bytes": _archive(client, file, q, form)}
        else:
            found = list(found_messages(client, q))
            _WRITERS[form](client, file, _shown(found, "Export"))
            done = {"messages": len(found)}
    if json:
        as_json({"file": str(file), **done})
    else:
        [(what, count)] = done.items()
        say(f"{file}: {count} {what}")


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Messages (.eml), mboxes, JSON lines (.jsonl), or folders of them; Maildirs."
        ),
    ],
    json: AsJson = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Add messages from files to the inbox, octet for octet."""
    client = ApiClient(url)
    answers = []
    for file in _shown(list(of(files)), "Import"):
        answer = _import_file(client, file)
        answers.append({"file": str(file), **answer})
        if not json:
            failed = "".join(f", {each['why']}" for each in answer["failed"])
            say(f"{file}: {answer['imported']} imported{failed}")
    if json:
        as_json(answers)
    if any(each["failed"] for each in answers):
        raise typer.Exit(1)


def _archive(client: ApiClient, file: Path, q: str, form: Form) -> int:
    query: dict[str, Any] = {"q": q} if q else {"all": "true"}
    return file.write_bytes(
        client.octets("messages/archive", format=form.value, **query)
    )


def _write_eml(client: ApiClient, folder: Path, found: Iterable[Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for each in found:
        (folder / f"{_id(each)}.eml").write_bytes(_raw(client, each))


def _write_maildir(client: ApiClient, folder: Path, found: Iterable[Any]) -> None:
    """Write messages as a Maildir: read messages are in cur, with their flags."""
    for name in _MAILDIR:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for each in found:
        at = datetime.fromisoformat(each["received_at"])
        name = f"{int(at.timestamp())}.{_id(each)}.mailsink"
        flags = "F" * each["pinned"] + "S" * each["read"]
        file = folder / "tmp" / name
        file.write_bytes(_raw(client, each))
        file.rename(
            folder / "cur" / f"{name}:2,{flags}" if flags else folder / "new" / name
        )


def _write_jsonl(client: ApiClient, file: Path, found: Iterable[Any]) -> None:
    with file.open("w", encoding="ascii") as out:
        for each in found:
            raw = base64.b64encode(_raw(client, each)).decode("ascii")
            out.write(json_module.dumps({**each, "raw": raw}) + "\n")


_WRITERS = {
    Form.eml: _write_eml,
    Form.maildir: _write_maildir,
    Form.jsonl: _write_jsonl,
}


def _raw(client: ApiClient, message: dict[str, Any]) -> bytes:
    return client.octets(f"messages/{_id(message)}/raw")


def _id(message: dict[str, Any]) -> UUID:
    """Return the id of a message, for a file name.

    A UUID cannot name another folder.
    """
    try:
        return UUID(message["id"])
    except ValueError:
        raise ApiFailure("the server is not a Mailsink") from None


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ApiFailure(f"{file} cannot be written: {error.strerror}") from None


def _import_file(client: ApiClient, file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            if file.suffix == ".jsonl":
                return _import_lines(client, file, opened)
            octets = _bounded(file, opened.read(_LARGEST + 1))
    except OSError as error:
        raise ApiFailure(f"{file} cannot be read: {error.strerror}") from None
    kind = _MBOX if octets[:5] == b"From " else _MESSAGE
    answer: dict[str, Any] = client.post("messages", octets, kind)
    return answer


def _bounded(what: object, octets: bytes) -> bytes:
    """Return the octets if they are not too many. Raises ApiFailure."""
    if len(octets) > _LARGEST:
        raise ApiFailure(f"{what} has more than {_LARGEST // 1024**3} GiB: split it")
    return octets


def _import_lines(client: ApiClient, file: Path, opened: BinaryIO) -> dict[str, Any]:
    """Add the `raw` of each line, as `export --format jsonl` writes it. Raises OSError."""
    answer: dict[str, Any] = {"imported": 0, "ids": [], "failed": []}
    lines = iter(lambda: opened.readline(_LARGEST + 1), b"")
    for number, line in enumerate(lines, 1):
        line = _bounded(f"line {number} of {file}", line)
        try:
            raw = base64.b64decode(json_module.loads(line)["raw"], validate=True)
        except (ValueError, KeyError, TypeError, RecursionError):
            why = f"line {number} is not JSON with the message in raw, as base64"
            raise ApiFailure(f"{file}: {why}") from None
        one = client.post("messages", raw, _MESSAGE)
        answer["imported"] += one["imported"]
        answer["ids"] += one["ids"]
    return answer


def _shown(items: list[Any], what: str) -> Iterable[Any]:
    """Yield the items, with a progress bar in a terminal."""
    return track(
        items,
        description=what,
        console=_bar,
        transient=True,
        disable=not _bar.is_terminal,
    )


def of(files: Iterable[Path]) -> Iterable[Path]:
    """Yield the files, and the files in folders; of a Maildir only delivered messages.

    Links in a folder are not followed: the author of the folder may have made one lead
    to a file that is no mail.
    """
    for file in files:
        if file.is_dir():
            yield from sorted(each for each in file.rglob("*") if _is_mail(each))
        else:
            yield file


def _is_mail(file: Path) -> bool:
    """Whether a file in a folder is mail, and not a file of the Maildir itself."""
    if file.is_symlink() or not file.is_file() or file.name.startswith("."):
        return False
    if file.parent.name in _MAILDIR and _is_maildir(file.parent.parent):
        return file.parent.name != "tmp"
    return not _is_maildir(file.parent)  # else Dovecot's indexes, or subscriptions


def _is_maildir(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in _MAILDIR)
