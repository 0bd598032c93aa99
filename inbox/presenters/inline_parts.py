"""The signed URLs of parts that a browser displays itself.

Frames have no origin and send no cookies, so the URL itself proves the permission. With
accounts, it is valid for a day, which is long enough for the page that contains it.
"""

from __future__ import annotations

from uuid import UUID

from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from inbox.access import accounts
from inbox.errors import NotFound
from inbox.presenters.message_page import MessagePage

_SALT = "mailsink.part"
_A_DAY = 24 * 3600  # seconds


def url(mail: MessagePage, index: int) -> str:
    """Return the URL of a part."""
    signed = signing.dumps((mail.kind, mail.id, index), salt=_SALT)
    return reverse("message-part", args=[mail.id, signed])


def named(id: UUID | str, signed: str) -> tuple[str, int]:
    """Return the object of a URL: "message" or "transaction", and a part's index.

    Raises NotFound if url() did not make it, or not for this id.
    """
    age = _A_DAY if accounts.are_on() else None
    try:
        kind, signed_id, index = signing.loads(signed, salt=_SALT, max_age=age)
    except signing.BadSignature as error:
        raise NotFound(str(error)) from None
    if signed_id != str(id):
        raise NotFound(_("this link belongs to another message"))
    return kind, index
