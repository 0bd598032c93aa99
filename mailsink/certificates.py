"""The certificates of the servers: files that are read again after a renewal.

Programs that renew certificates write the files without notifying us, so we check them.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mailsink.conf import Config, ConfigError, unusable_data
from mailsink.tls import expiry, own_context, renew, server_context
from mailsink.values import TlsVersion

log = logging.getLogger(__name__)

_LOOK_EVERY = 1.0  # seconds


class Certificate:
    """A certificate and its key, in PEM files; background work that checks the files.

    minimum: the oldest TLS version that is allowed with it
    """

    def __init__(
        self, cert: Path, key: Path, setting: str, minimum: TlsVersion
    ) -> None:
        """setting: the variables that name the files, for messages.

        Raises ConfigError.
        """
        self.cert, self.key, self.minimum = cert, key, minimum
        self.setting = setting
        self._takers: list[Callable[[], None]] = []
        self._state = self._look_at_files()
        self._refused = ""  # why the current files are not used
        self._looking: asyncio.Task[None] | None = None
        try:
            server_context(cert, key, minimum)
        except ValueError as error:
            raise ConfigError(f"{setting}: {error}") from None
        self._expires = expiry(cert)

    def context(self) -> ssl.SSLContext:
        """Return a server context with this certificate, also after each renewal."""
        made = server_context(self.cert, self.key, self.minimum)
        self.follow(lambda: renew(made, self.cert, self.key, self.minimum))
        return made

    def follow(self, take: Callable[[], None]) -> None:
        """Call take() after each renewal.

        It raises ValueError if the files are invalid.
        """
        self._takers.append(take)

    def trouble(self) -> str:
        """Return the trouble with the certificate; "" if there is none."""
        if self._refused:
            return f"{self.setting}: the renewed files are not used: {self._refused}"
        if self._expires is not None and self._expires < datetime.now(UTC):
            return (
                f"{self.setting}: the certificate expired on "
                f"{self._expires:%Y-%m-%d}, and clients refuse it"
            )
        return ""

    def start(self) -> None:
        """Start to check the files. Call on the running loop."""
        self._looking = asyncio.create_task(self._look_again())

    async def stop(self) -> None:
        """Stop checking the files."""
        if self._looking is not None:
            self._looking.cancel()

    def look(self) -> None:
        """Read the files again if they have changed."""
        found = self._look_at_files()
        if found in (self._state, None):  # None: a program is about to write them
            return
        try:
            for take in self._takers:
                take()
            self._expires = expiry(self.cert)
        except ValueError as error:
            # The two files are written one after the other: in between, they do not
            # match.
            if self._refused != str(error):
                self._refused = str(error)
                log.warning("%s", self.trouble())
            return
        self._state, self._refused = found, ""

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            self.look()

    def _look_at_files(self) -> list[tuple[int, int, int]] | None:
        """Return values that change with the files; None while one is missing."""
        try:
            found = [each.stat() for each in (self.cert, self.key)]
        except OSError:
            return None
        return [(each.st_ino, each.st_size, each.st_mtime_ns) for each in found]


def _of_mail(config: Config) -> Certificate:
    """Return the certificate of the SMTP listeners; make one if none is set.

    Raises ConfigError.
    """
    if config.tls_cert is None or config.tls_key is None:
        try:
            own_context(config.data, config.hostname, config.tls_min)
        except OSError as error:
            raise unusable_data(config.data, error) from None
        pair = (config.data / "tls-cert.pem", config.data / "tls-key.pem")
        return Certificate(*pair, "MAILSINK_DATA", config.tls_min)
    setting = "MAILSINK_TLS_CERT and MAILSINK_TLS_KEY"
    return Certificate(config.tls_cert, config.tls_key, setting, config.tls_min)


def _of_web(config: Config, mail: Certificate) -> Certificate:
    """Return the certificate of the pages; the one for mail if none is set.

    Browsers have no old TLS versions, so MAILSINK_TLS_MIN cannot ask for one. Raises
    ConfigError.
    """
    minimum: TlsVersion = "1.3" if config.tls_min == "1.3" else "1.2"
    if config.https_cert is None or config.https_key is None:
        return Certificate(mail.cert, mail.key, mail.setting, minimum)
    setting = "MAILSINK_HTTPS_CERT and MAILSINK_HTTPS_KEY"
    return Certificate(config.https_cert, config.https_key, setting, minimum)


@dataclass(frozen=True, slots=True)
class Certificates:
    """The certificates for clients. web: None without HTTPS."""

    mail: Certificate
    web: Certificate | None

    def watches(self) -> list[Certificate]:
        """Return the background work that checks for renewals."""
        return [self.mail, *([self.web] if self.web else [])]

    def troubles(self) -> list[str]:
        """Return the troubles with the certificates, once if they are the same one."""
        return sorted({each.trouble() for each in self.watches()} - {""})

    def trouble(self) -> str:
        """Return all troubles as one line; "" if there are none."""
        return "; ".join(self.troubles())


def of_config(config: Config) -> Certificates:
    """Return the certificates that the settings name. Raises ConfigError."""
    mail = _of_mail(config)
    return Certificates(mail, _of_web(config, mail) if config.https else None)
