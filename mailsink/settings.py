"""Django's settings, made from mailsink.conf alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url

from mailsink.conf import CONFIG

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = CONFIG.secret_key
DEBUG = False
# mailsink.web.hosts checks Host, with names that Django's patterns cannot tell.
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "ninja",
    "inbox",
]
MIDDLEWARE = [
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "mailsink.urls"
ASGI_APPLICATION = "mailsink.asgi.application"
AUTH_USER_MODEL = "inbox.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request"]
        },
    }
]

# One connection for each request's thread; a kept one would leak with it.
DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(CONFIG.database_url, conn_max_age=0)
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        # FULL: a 250 is a promise that a power cut must not break.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
        "PRAGMA journal_size_limit=67108864;",
    }
    # A file, not memory: threads share it, and it is what runs in production.
    DATABASES["default"]["TEST"] = {"NAME": CONFIG.data / "test.sqlite3"}

CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
if CONFIG.redis_url:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [CONFIG.redis_url]},
        }
    }

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "raw": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": CONFIG.data / "raw"},
    },
}
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]

# Cookies ignore ports: the user's own app lives on localhost too.
SESSION_COOKIE_NAME = "mailsink_session"
CSRF_COOKIE_NAME = "mailsink_csrf"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
