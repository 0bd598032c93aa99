"""The attachments of a message as one file."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inbox.access.current import scope
from inbox.errors import NotFound
from inbox.http.files import title_name
from inbox.http.streams import streamed
from inbox.presenters import attached, message_page


@require_GET
def of_message(request: HttpRequest, id: UUID | str) -> HttpResponseBase:
    """Answer with all attachments of a message, zipped while they are sent."""
    mail = message_page.of_message(scope(), id)
    if not mail.reading.attachments:
        raise NotFound(_("this message has no attachments"))
    name = title_name(mail.title, "attachments")
    return streamed(attached.archive(mail), "application/zip", f"{name}.zip")
