"""The settings with which a Django project sends its mail to a sink."""

from __future__ import annotations

from typing import Any

_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


def mail_settings(settings: Any, host: str, port: int) -> dict[str, Any]:
    """Return the settings to change in a project: MAILERS of Django 6.1, or EMAIL_*."""
    mailers: dict[str, Any] = getattr(settings, "MAILERS", {})
    if mailers:
        mailer = {"BACKEND": _BACKEND, "OPTIONS": {"host": host, "port": port}}
        return {"MAILERS": dict.fromkeys(mailers, mailer)}
    return {
        "EMAIL_BACKEND": _BACKEND,
        "EMAIL_HOST": host,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": "",
        "EMAIL_HOST_PASSWORD": "",
        "EMAIL_USE_TLS": False,
        "EMAIL_USE_SSL": False,
    }


def lead_to(settings: Any, host: str, port: int) -> None:
    """Make a project send its mail to a sink from now on."""
    for name, value in mail_settings(settings, host, port).items():
        setattr(settings, name, value)
