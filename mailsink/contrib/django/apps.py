"""Points the mail settings to the sink in the process of `manage.py mailsink`."""

from __future__ import annotations

import os

from django.apps import AppConfig
from django.conf import settings

from mailsink.testing.django_mail import lead_to

SMTP_VARIABLE = "DJANGO_MAILSINK_SMTP"  # host:port of the sink that runs alongside


class SinkConfig(AppConfig):
    """The app."""

    name = "mailsink.contrib.django"
    label = "mailsink"

    def ready(self) -> None:
        """Point the settings to the sink before any code sends mail."""
        self.lead()

    @staticmethod
    def lead() -> None:
        """Point the settings to the sink, if one runs alongside."""
        host, _, port = os.environ.get(SMTP_VARIABLE, "").rpartition(":")
        if host:
            lead_to(settings, host.strip("[]"), int(port))
