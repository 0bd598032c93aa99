"""POST /api/v1/send: stores the message that the request describes."""

from __future__ import annotations

from base64 import b64decode

from django.http import HttpRequest, HttpResponse

from inbox.api.mailpit import attached_json
from inbox.api.mailpit.attached_json import TOO_LARGE
from inbox.api.mailpit.composing import compose
from inbox.api.plain_answers import GoObject, PlainError, go_json, read_json
from inbox.api.v3.common import scope
from inbox.errors import NoRoom
from inbox.live.protocol import process
from inbox.mailbox import inboxes
from inbox.mailbox.importing import Importer
from inbox.models.inbox import DEFAULT_SLUG
from mailsink.conf import CONFIG
from mailsink.text import readable

_LONGEST_NAME = 255


def send(request: HttpRequest) -> HttpResponse:
    """Store a message; answer with its id. Errors are JSON here."""
    most = CONFIG.max_message_size
    given = request.read(most + 1 if most else -1)
    if most and len(given) > most:
        return _failed(TOO_LARGE, 413)
    try:
        text, files = attached_json.without_files(given)
        mail = compose(GoObject(read_json(text)), files)
    except PlainError as error:
        return _failed(str(error), error.code)
    importer = Importer(
        inboxes.by_slug(scope(), DEFAULT_SLUG),
        process(),
        request.META["REMOTE_ADDR"],
        _username(request),
    )
    try:
        done = importer.store(
            mail.octets, mail.reverse_path, mail.recipients, mail.tags
        )
    except NoRoom as error:
        return _failed(str(error), error.status)
    if not done.ids:
        return _failed(f"the message is {next(iter(done.failed))}", 413)
    return go_json({"ID": str(done.ids[0])})


def _failed(words: str, status: int) -> HttpResponse:
    answer = go_json({"Error": words})
    answer.status_code = status
    return answer


def _username(request: HttpRequest) -> str:
    """Return the user name of HTTP Basic authentication, without checking it."""
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        name = b64decode(encoded, validate=True).partition(b":")[0]
    except ValueError:
        return ""
    return readable(name)[:_LONGEST_NAME]
