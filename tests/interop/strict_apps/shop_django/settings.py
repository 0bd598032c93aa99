"""A Django project without a page: it only sends mail. The server is of the environment."""

import os

SECRET_KEY = "only for tests"
INSTALLED_APPS: list[str] = []
DEFAULT_FROM_EMAIL = "Shop <shop@acme.io>"
EMAIL_HOST, EMAIL_PORT = os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = "shop+strict", "any"
