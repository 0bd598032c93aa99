"""The rules for users' passwords."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from inbox.errors import Invalid
from inbox.models import User

LONGEST_PASSWORD = 1000  # characters


def check_password(password: str, user: User) -> None:
    """Raise Invalid unless a password is suitable for a user."""
    if len(password) > LONGEST_PASSWORD or "\x00" in password:
        raise Invalid(_("The password is too long, or contains a NUL."))
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from None
