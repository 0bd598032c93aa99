"""The shop's own tests: each sends a mail, and looks at nothing else."""

from __future__ import annotations

from collections.abc import Callable

from django.test import SimpleTestCase, override_settings

from shop_django import mails


@override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend")
class MailTests(SimpleTestCase):
    """Django's runner keeps mail in memory; these are to send it."""


def _sends(mail: Callable[[], None]) -> Callable[[MailTests], None]:
    return lambda test: mail()


for _name, _mail in vars(mails).copy().items():
    if _name.startswith(("good_", "faulty_")):
        setattr(MailTests, f"test_{_name}", _sends(_mail))
