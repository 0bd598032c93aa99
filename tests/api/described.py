"""What Schemathesis has to know beside the OpenAPI document: see test_described.py.

It loads this by its name, in a process of its own.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import schemathesis


@schemathesis.serializer("message/rfc822", "application/mbox")
def _mail(context: Any, value: Any) -> dict[str, Any]:
    """Send mail as it is."""
    return {"data": value if isinstance(value, bytes) else str(value).encode()}


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Let no request wait: the time-outs that it makes up are minutes long."""
    if not case.operation.path.endswith("/wait"):
        return
    with suppress(TypeError, ValueError):
        if 0 <= float(case.query.get("timeout", 30)) <= 300:
            case.query["timeout"] = 0
