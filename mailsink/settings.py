"""Django's settings, made from mailsink.conf alone."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mailsink import databases, resources
from mailsink.conf import CONFIG

SECRET_KEY = CONFIG.secret_key
DEBUG = False
# mailsink.web.request_rules checks Host before Django sees a request, websockets too.
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "inbox",
]
# mailsink.web.guard adds security headers, and checks foreign requests in place of CSRF
# tokens: one layer around http and websockets.
MIDDLEWARE = [
    "inbox.http.problems.problems",
    "inbox.views.faults.FormsAreUtf8",
    "inbox.views.faults.FullDisk",
    "inbox.views.faults.NoDatabase",
    "inbox.views.faults.ChangedMeanwhile",
    "inbox.views.faults.LongReading",
    "mailsink.web.assets.Assets",
    "django.middleware.common.CommonMiddleware",
    "inbox.http.gate.gate",
    "inbox.http.zone.ReaderZone",
    "inbox.views.errors.UserErrors",
]
APPEND_SLASH = False
ROOT_URLCONF = "mailsink.urls"
ASGI_APPLICATION = "mailsink.asgi.application"
AUTH_USER_MODEL = "inbox.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [resources.ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request"]
        },
    }
]

DATABASES: dict[str, Any] = {"default": databases.of_url(CONFIG.database_url)}
if CONFIG.uses_sqlite:
    # A file, not memory: threads share it, as in production.
    DATABASES["default"]["TEST"] = {"NAME": CONFIG.data / "test.sqlite3"}
else:
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": 20,
        "timeout": 10,
        # After this time, the pool connects to a lost server only on demand. Otherwise
        # its retries, with growing pauses, could come minutes after the server is back.
        "reconnect_timeout": 5,
    }

CHANNEL_LAYERS: dict[str, Any] = {
    "default": {"BACKEND": "inbox.live.channel_layer.ProcessLayer"},
}
if CONFIG.redis_url:
    CHANNEL_LAYERS["default"] = {  # inbox.live.redis_watch reports if it is unreachable
        "BACKEND": "inbox.live.redis_layer.RedisLayer",
        "CONFIG": {"hosts": [CONFIG.redis_url]},
    }

STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "mailsink.web.static.HashedFilesStorage"},
    "raw": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": CONFIG.data / "raw"},
    },
}
if CONFIG.raw_url:
    STORAGES["objects"] = {
        "BACKEND": "inbox.storage.object_storage.ObjectStorage",
        "OPTIONS": {"store": CONFIG.raw_url, "secret": CONFIG.secret_key},
    }
STATIC_URL = "static/"
STATIC_ROOT = resources.ROOT / "staticfiles"
# The API's pages use the Swagger files of django-ninja. As an installed app,
# django-ninja would be imported with pydantic at every start, which takes a tenth of
# it.
_NINJA = find_spec("ninja")
assert _NINJA is not None
assert _NINJA.origin is not None
_SOURCES = [resources.ROOT / "static", Path(_NINJA.origin).parent / "static"]
STATICFILES_DIRS = [] if resources.IS_BUNDLED else _SOURCES
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Cookies ignore ports: the user's own app may run on localhost too.
SESSION_COOKIE_NAME = "mailsink_session"
CSRF_COOKIE_NAME = "mailsink_csrf"
# inbox.http.gate adds the path of the request, and Secure where browsers use TLS.
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

PASSWORD_HASHERS = [
    "inbox.access.hashing.SmallArgon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": f"{_VALIDATION}.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
]
# For django-allauth: failed attempts allowed, from a client and for a name. Logins with
# a passkey or a provider are counted when they begin and end, second factors for each
# user.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "30/m/ip,10/5m/key",
    "login_begun": "30/m/ip",
    "login_ended": "30/m/ip",
    "passkey": "30/m/ip",
    "second_factor": "30/m/ip,10/5m/key",
}
# They are counted here. In a cache of a few hundred entries, others would soon push one
# out.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
if CONFIG.redis_url:  # so that processes count together
    CACHES["default"] = {
        "BACKEND": "inbox.storage.redis_cache.JsonRedisCache",
        "LOCATION": CONFIG.redis_url,
    }

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

# One line for each trouble on stderr, and on request for each session; stdout belongs
# to `serve`.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "mailsink.log_lines.Lines",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
        "json": {"()": "mailsink.log_lines.LogObjects"},
    },
    "filters": {"once_a_minute": {"()": "mailsink.repeated.OnceAMinute"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json" if CONFIG.log == "json" else "line",
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # A refused or unknown request is the client's problem.
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},  # with a traceback each
        # It warns for each client that leaves before its answer.
        "daphne.server": {"filters": ["once_a_minute"]},
        "mailsink.web.guard": {"filters": ["once_a_minute"]},
        "inbox.live.redis_layer": {"filters": ["once_a_minute"]},
        "mailsink.sessions": {"level": "INFO"},
        # It logs a traceback each second while Redis is gone; RedisWatch reports it
        # once.
        "channels_redis.pubsub": {"level": "CRITICAL"},
    },
}
