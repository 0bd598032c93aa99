"""Lets the settings of mail lead to the sink, in the process that `manage.py mailsink` runs."""

from __future__ import annotations

import os

from django.apps import AppConfig
from django.conf import settings

from mailsink.testing.django_mail import lead_to

SMTP_VARIABLE = "DJANGO_MAILSINK_SMTP"  # host:port of the sink beside


class SinkConfig(AppConfig):
    """The app."""

    name = "mailsink.contrib.django"
    label = "mailsink"

    def ready(self) -> None:
        """Point the settings, before anything sends."""
        self.lead()

    @staticmethod
    def lead() -> None:
        """Point the settings to the sink beside, if there is one."""
        host, _, port = os.environ.get(SMTP_VARIABLE, "").rpartition(":")
        if host:
            lead_to(settings, host.strip("[]"), int(port))
