"""What a listener is configured with. 0 means no limit throughout."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Profile:
    """How one listener behaves; sizes in octets, times in seconds."""

    hostname: str = "localhost"
    max_message_size: int = 50 * MIB
    spool_threshold: int = MIB  # a larger body goes to a file, not memory
    spool_dir: Path = Path(tempfile.gettempdir())
    bare_newlines: Literal["flag", "reject"] = "flag"
    links: Literal["errors", "all", "off"] = "errors"
    public_url: str = ""  # "": replies carry no links
    idle_timeout: float = 300.0  # RFC 5321 §4.5.3.2.7
    session_timeout: float = 0.0
    max_line: int = 12288  # RFC 4954 §4.1, CRLF included
    max_recipients: int = 1000
    max_connections: int = 1000
    max_connections_per_client: int = 0
    hidden: frozenset[str] = frozenset()  # extensions not offered: "PIPELINING"
    lenient: bool = True  # take (and flag) addresses a little off the grammar
