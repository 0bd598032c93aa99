"""As much of Helm's templates as our chart uses: values, if, range, quote, toJson."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

# A tag, with the space before it that `{{-` takes away.
_TAG = re.compile(r"(?:\s*\{\{-|\{\{)\s*(.*?)\s*\}\}")


class Chart:
    """A chart in a folder."""

    def __init__(self, folder: Path) -> None:
        self.about = yaml.safe_load((folder / "Chart.yaml").read_text())
        self.values: dict[str, Any] = yaml.safe_load(
            (folder / "values.yaml").read_text()
        )
        self.schema: dict[str, Any] = json.loads(
            (folder / "values.schema.json").read_text()
        )
        self._templates = sorted((folder / "templates").glob("*.yaml"))

    def render(
        self, values: Mapping[str, Any], release: str = "mail"
    ) -> list[dict[str, Any]]:
        """Return the objects that `helm template` would print."""
        scope = {"Values": values, "Release": {"Name": release}}
        texts = [_rendered(path.read_text(), scope) for path in self._templates]
        return [each for text in texts for each in yaml.safe_load_all(text) if each]


def _rendered(text: str, scope: Mapping[str, Any]) -> str:
    pieces = _TAG.split(text)  # text, tag, text, …
    rendered, rest = _block(pieces, 0, scope)
    assert rest == len(pieces), f"an end is left over: {pieces[rest]}"
    return rendered


def _block(pieces: list[str], at: int, scope: Mapping[str, Any]) -> tuple[str, int]:
    """Return what stands up to an `else` or `end`, and where that is."""
    found = pieces[at]
    at += 1
    while at < len(pieces):
        tag = pieces[at]
        if tag in ("end", "else"):
            return found, at
        if tag.startswith(("if ", "range ")):
            piece, at = _branch(pieces, at, scope)
        else:
            piece = _printed(tag, scope)
        found += piece + pieces[at + 1]
        at += 2
    return found, at


def _branch(pieces: list[str], at: int, scope: Mapping[str, Any]) -> tuple[str, int]:
    """Return what an `if` or `range` prints, and where its `end` is."""
    word, _, argument = pieces[at].partition(" ")
    if word == "if":
        scopes = [scope] if _value(argument, scope) else []
    else:
        names, _, path = argument.partition(":=")
        name, value = (each.strip().removeprefix("$") for each in names.split(","))
        table = _value(path.strip(), scope)
        scopes = [{**scope, name: key, value: table[key]} for key in sorted(table)]
    body, end = _block(pieces, at + 1, {**scope, **_any_names(argument)})
    found = "".join(_block(pieces, at + 1, each)[0] for each in scopes)
    del body
    if pieces[end] == "else":
        otherwise, end = _block(pieces, end + 1, scope)
        found = found if scopes else otherwise
    return found, end


def _any_names(argument: str) -> dict[str, str]:
    """Return values for the names of a `range` that may run no time."""
    names = argument.partition(":=")[0] if ":=" in argument else ""
    return {
        each.strip().removeprefix("$"): "" for each in names.split(",") if each.strip()
    }


def _printed(tag: str, scope: Mapping[str, Any]) -> str:
    if tag.startswith("toJson "):
        return json.dumps(_value(tag.removeprefix("toJson "), scope))
    path, _, filter_ = tag.partition("|")
    value = _value(path.strip(), scope)
    assert filter_.strip() in ("", "quote"), f"not known here: {tag}"
    return json.dumps(str(value)) if filter_ else str(value)


def _value(path: str, scope: Mapping[str, Any]) -> Any:
    """Return what `.Values.image` or `$name` means. Raises KeyError."""
    found: Any = scope
    for name in path.lstrip(".$").split("."):
        found = found[name]
    return found
