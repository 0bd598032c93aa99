"""The contents of a wheel besides the code: requirements and collected static files.

`make wheel` builds one. requirements*.in has the version ranges of the requirements; the
table tool.mailsink.extras in pyproject.toml lists the requirements of each extra.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# From django-ninja: maps for its own developers, and a viewer that none of our pages load.
_UNUSED = ("*.map", "*.map.gz", "redoc*")
_COLLECT = """
import sys
from django.conf import settings
settings.STATIC_ROOT = sys.argv[1]
import django
django.setup()
from django.core.management import call_command
call_command("collectstatic", interactive=False, verbosity=0)
"""


def requirements(root: Path) -> tuple[list[str], dict[str, list[str]]]:
    """Return the requirements of the core, and of each extra. Raises KeyError."""
    core = _read(root / "requirements.in")
    known = {**_read(root / "requirements-dev.in"), **core}
    pyproject = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    extras = pyproject["tool"]["mailsink"]["extras"]
    optional = {
        extra: [known[canonicalize_name(name)] for name in names]
        for extra, names in extras.items()
    }
    apart = {canonicalize_name(name) for names in extras.values() for name in names}
    return [text for name, text in core.items() if name not in apart], optional


def _read(path: Path) -> dict[str, str]:
    """Return the requirements of a file by their names."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    found = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return {canonicalize_name(each.name): str(each) for each in found}


class RequirementsHook(MetadataHookInterface):
    """Fills in `dependencies` and `optional-dependencies`."""

    def update(self, metadata: dict[str, Any]) -> None:
        core, optional = requirements(Path(self.root))
        metadata["dependencies"] = core
        metadata["optional-dependencies"] = optional


class StaticFilesHook(BuildHookInterface[Any]):
    """Collects the static files: an installed Mailsink cannot write to its own folder."""

    def dependencies(self) -> list[str]:
        """Return the requirements for collecting: the storage class names the files."""
        return requirements(Path(self.root))[0]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":  # it runs in the clone
            return
        self._folder = Path(tempfile.mkdtemp(prefix="mailsink-wheel-"))
        collected = self._folder / "staticfiles"
        environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "mailsink.settings"}
        environ |= {"MAILSINK_DATA": str(self._folder / "data")}
        subprocess.run(
            [sys.executable, "-c", _COLLECT, str(collected)],
            cwd=self.root,
            env=environ,
            check=True,
        )
        for pattern in _UNUSED:
            for file in collected.rglob(pattern):
                file.unlink()
        build_data["force_include"][str(collected)] = "mailsink/bundled/staticfiles"

    def finalize(
        self, version: str, build_data: dict[str, Any], artifact_path: str
    ) -> None:
        if version != "editable":
            shutil.rmtree(self._folder)


def get_metadata_hook() -> type[MetadataHookInterface]:
    """Return the metadata hook; hatchling calls this function by its name."""
    return RequirementsHook


def get_build_hook() -> type[BuildHookInterface[Any]]:
    """Return the build hook; hatchling calls this function by its name."""
    return StaticFilesHook
