"""The environment as one frozen Config: the only reader of os.environ."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Port 0 takes any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be configured; 0 means no limit."""

    smtp: tuple[Address, ...]  # none: off
    http: tuple[Address, ...]
    data: Path
    database_url: str
    redis_url: str  # "": in-memory layer
    secret_key: str
    max_message_size: int  # octets
    hostname: str
    public_url: str  # "": from the web address
    tls_cert: Path | None
    tls_key: Path | None
    allowed_hosts: tuple[str, ...]  # none: localhost, IP literals and the hostname
    insecure: bool
    retention_messages: int
    retention_sessions: int
    retention_days: int
    trash_hours: int
    bare_newlines: str  # flag, reject
    links: str  # errors, all, off
    smtp_auth: tuple[tuple[str, str], ...]  # (user, password); none: any accepted


def from_environment() -> Config:
    data = Path(os.environ.get("MAILSINK_DATA", "data")).absolute()
    data.mkdir(parents=True, exist_ok=True)
    return Config(
        smtp=(Address("127.0.0.1", 1025), Address("::1", 1025)),
        http=(Address("127.0.0.1", 8025), Address("::1", 8025)),
        data=data,
        database_url=os.environ.get(
            "MAILSINK_DATABASE_URL", f"sqlite:///{data}/mailsink.sqlite3"
        ),
        redis_url=os.environ.get("MAILSINK_REDIS_URL", ""),
        secret_key=os.environ.get("MAILSINK_SECRET_KEY", "x" * 50),
        max_message_size=50 * 1024 * 1024,
        hostname="localhost",
        public_url="",
        tls_cert=None,
        tls_key=None,
        allowed_hosts=(),
        insecure=False,
        retention_messages=50_000,
        retention_sessions=50_000,
        retention_days=0,
        trash_hours=24,
        bare_newlines="flag",
        links="errors",
        smtp_auth=(),
    )


CONFIG = from_environment()
