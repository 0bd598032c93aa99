"""Sparse objects: with fields=id,subject an answer has only these members of its objects."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any

from ninja import Schema

from inbox.api.v3.common import query
from inbox.errors import BadRequest
from inbox.http import as_json
from inbox.serializers import Shape

PARAMETER = "fields"

Fields = Annotated[
    str,
    query(
        "The members that each object must have, separated by commas; all of them if you "
        "leave it out."
    ),
]
Names = frozenset[str] | None  # None: all


def names(asked: str, model: type[Schema]) -> Names:
    """Return the members that a parameter names. Raises BadRequest."""
    wanted = frozenset(each.strip() for each in asked.split(",")) - {""}
    known = [each.alias or name for name, each in model.model_fields.items()]
    if unknown := sorted(wanted.difference(known)):
        raise BadRequest(
            f'fields: there is no "{unknown[0][:80]}"; there are {", ".join(known)}'
        )
    return wanted or None


def only(shape: Shape, wanted: Names) -> Shape:
    """Return the wanted members of an object."""
    if wanted is None:
        return shape
    return {name: value for name, value in shape.items() if name in wanted}


def each(shapes: Iterable[Shape], wanted: Names) -> Iterable[Shape]:
    """Return objects with the wanted members only."""
    return shapes if wanted is None else (only(shape, wanted) for shape in shapes)


def page(octets: bytes, wanted: Names) -> bytes:
    """Return a page that is JSON already, with the wanted members of its objects only."""
    if wanted is None:
        return octets
    whole = json.loads(octets)
    items = [only(shape, wanted) for shape in whole["items"]]
    return as_json.octets({**whole, "items": items})


def describe(operation: dict[str, Any], components: dict[str, Any]) -> None:
    """Describe sparse answers of a call that takes `fields`, in the OpenAPI document."""
    if all(each["name"] != PARAMETER for each in operation["parameters"]):
        return
    for content in operation["responses"][200]["content"].values():
        whole = content["schema"]
        content["schema"] = {"anyOf": [whole, _sparse(whole, components)]}


def _sparse(reference: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Return a reference to a variant of an object without required members.

    For a page, the variant applies to its objects.
    """
    name = reference["$ref"].rpartition("/")[2]
    made = f"Sparse{name}"
    if made not in components:
        whole = components[name]
        if name.startswith("Page_"):
            items = whole["properties"]["items"]
            sparse = {**items, "items": _sparse(items["items"], components)}
            members = {**whole["properties"], "items": sparse}
            components[made] = {**whole, "title": made, "properties": members}
        else:
            components[made] = {**whole, "title": made, "required": []}
    return {"$ref": f"#/components/schemas/{made}"}
