"""Fixes as settings of the frameworks on the page for newcomers.

Topics are those of client_terms; for missing ones, the words of the framework's library
are used.
"""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from inbox.explain import client_terms


class Framework(NamedTuple):
    """A framework, and the client library that it uses (insight.findings.clients)."""

    name: str
    library: str
    terms: dict[str, str]  # by topic


_SPRING = "spring.mail.properties.mail.smtp"

# By the value of its radio button.
FRAMEWORKS: dict[str, Framework] = {
    "shell": Framework(
        gettext_noop("Shell"),
        "swaks",
        {"trust": "curl --cacert /path/to/tls-cert.pem …"},
    ),
    "django": Framework(
        "Django",
        "django",
        {"trust": "SSL_CERT_FILE=/path/to/tls-cert.pem python manage.py …"},
    ),
    "rails": Framework(
        "Rails",
        "rails",
        {"trust": 'smtp_settings: { openssl_verify_mode: "none", … }'},
    ),
    "laravel": Framework(
        "Laravel",
        "symfony",
        {
            "trust": 'MAIL_URL="smtp://host:port?verify_peer=false"',
            "tls_off": "MAIL_SCHEME=smtp",
            "tls_implicit": "MAIL_SCHEME=smtps",
            "login": "MAIL_USERNAME=user\nMAIL_PASSWORD=password",
            "host_name": "MAIL_EHLO_DOMAIN=app.example.com",
            "sender": "MAIL_FROM_ADDRESS=shop@example.com",
        },
    ),
    "node": Framework(
        "Node",
        "nodemailer",
        {
            "trust": "createTransport({ tls: { rejectUnauthorized: false }, … })",
            "tls_off": "createTransport({ secure: false, … })",
        },
    ),
    "spring": Framework(
        "Spring",
        "javamail",
        {
            "trust": f"{_SPRING}.ssl.trust=*",
            "tls_off": f"{_SPRING}.ssl.enable=false",
            "tls_implicit": f"{_SPRING}.ssl.enable=true",
            "starttls": f"{_SPRING}.starttls.enable=true",
            "login": "spring.mail.username=user\nspring.mail.password=password",
            "mechanism": f"{_SPRING}.auth.mechanisms=PLAIN",
            "host_name": f"{_SPRING}.localhost=app.example.com",
            "sender": f"{_SPRING}.from=shop@example.com",
        },
    ),
}


def settings(topic: str) -> list[tuple[str, str, str]]:
    """Return the value, name and setting of each framework with a setting for a topic."""
    found = [
        (value, _(each.name), setting(topic, value))
        for value, each in FRAMEWORKS.items()
    ]
    return [each for each in found if each[2]]


def setting(topic: str, framework: str) -> str:
    """Return the fix of a topic as a setting of a framework; "" if it has none."""
    known = FRAMEWORKS[framework]
    return known.terms.get(topic) or client_terms.setting(topic, known.library)


def of_library(library: str) -> str:
    """Return the framework that uses a client library; "" if none does."""
    named = (value for value, each in FRAMEWORKS.items() if each.library == library)
    return next(named, "")
