"""Rules as text, for storing and sharing: JSON, or YAML with the scalars of YAML 1.2.

The octets, depth and nodes of an input are limited, and it must have no aliases,
anchors or tags: a small text cannot become large. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import yaml
from django.utils.translation import gettext as _

from inbox.errors import Invalid

MOST_OCTETS = 2 << 20
_DEEPEST = 8
_MOST_NODES = 200_000
_LONGEST_SHOWN = 200  # characters of a parser's error

_C_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _PlainLoader(_C_LOADER):  # type: ignore[misc, valid-type]
    """A YAML loader to which all scalars except null, booleans and numbers are strings.

    In YAML 1.1, "on" would be true, and 10:00 would be 600.
    """

    # Replaces the resolvers of the base class. Each is a part of YAML 1.1's, so that
    # its dumper quotes such strings.
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping; refuse duplicate keys."""
        names = [key.value for key, _value in node.value if isinstance(key.value, str)]
        _refuse_twice(names)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


for _tag, _form, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", list("-+0123456789")),
    ("float", r"[-+]?[0-9]{1,17}\.[0-9]{1,17}(?:[eE][-+][0-9]{1,3})?", list("-+0123456789")),
):  # fmt: skip
    _PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_form})\Z"), _first
    )


def read(octets: bytes) -> Any:
    """Return the content of a text: JSON if it begins with a brace, else YAML.

    Raises Invalid.
    """
    if len(octets) > MOST_OCTETS:
        raise Invalid(
            _("rules take at most %(most)s MiB") % {"most": MOST_OCTETS >> 20}
        )
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(_("rules must be text in UTF-8")) from None
    return _read_json(text) if text.lstrip()[:1] == "{" else _read_yaml(text)


def _read_json(text: str) -> Any:
    try:
        made = json.loads(text, object_pairs_hook=_members, parse_constant=_constant)
        json.dumps(made, ensure_ascii=False).encode()
        return made
    except UnicodeEncodeError:
        # RFC 8259 §8.2; YAML's parser rejects lone surrogates, too
        raise Invalid(_("a text contains a lone surrogate")) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise _unreadable("JSON", error) from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _refuse_twice([name for name, _value in pairs])
    return dict(pairs)


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _read_yaml(text: str) -> Any:
    try:
        _check_events(yaml.parse(text, Loader=_PlainLoader))
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506  a safe one
    except (yaml.YAMLError, ValueError) as error:
        raise _unreadable("YAML", error) from None


def _check_events(events: Iterable[Any]) -> None:
    """Raise Invalid for constructs that expand a small text, before they are built."""
    depth = 0
    for count, event in enumerate(events):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Invalid(_("rules have no anchors and no aliases (& and *)"))
        if getattr(event, "tag", None):
            raise Invalid(_("rules have no tags (!)"))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise _too_deep()
        if count > _MOST_NODES:
            raise Invalid(_("this has too many members for rules"))


def _refuse_twice(names: list[str]) -> None:
    seen = set()
    for name in names:
        if name in seen:
            raise Invalid(_('"%(name)s" occurs twice') % {"name": name[:40]})
        seen.add(name)


def _too_deep() -> Invalid:
    return Invalid(_("this is nested too deeply for rules"))


def _unreadable(form: str, error: Exception) -> Invalid:
    words = " ".join(str(error).split())[:_LONGEST_SHOWN]
    return Invalid(
        _("this is not %(form)s: %(words)s") % {"form": form, "words": words}
    )


def as_json(document: Any) -> str:
    """Return a document as JSON."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_yaml(document: Any) -> str:
    """Return a document as YAML, which YAML 1.1 parsers understand, too."""
    made: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return made
