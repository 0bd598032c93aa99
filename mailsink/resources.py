"""The places of manage.py, the templates and the static files: in a clone or a wheel.

A wheel has them in mailsink/bundled (tools/hatch_build.py), with static files
collected.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_BUNDLED = _HERE / "bundled"

IS_BUNDLED = _BUNDLED.is_dir()
ROOT = _BUNDLED if IS_BUNDLED else _HERE.parent
MANAGE = ROOT / "manage.py"
