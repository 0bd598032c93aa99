"""Sparse objects: fields=id,subject has an answer hold these members of its objects alone."""

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
        "The members that each object is to have, separated by commas; all of them if you "
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
    """Return the members of an object that are wanted."""
    if wanted is None:
        return shape
    return {name: value for name, value in shape.items() if name in wanted}


def each(shapes: Iterable[Shape], wanted: Names) -> Iterable[Shape]:
    """Return objects with the members that are wanted."""
    return shapes if wanted is None else (only(shape, wanted) for shape in shapes)


def page(octets: bytes, wanted: Names) -> bytes:
    """Return a page that is JSON already, its objects with the members that are wanted."""
    if wanted is None:
        return octets
    whole = json.loads(octets)
    items = [only(shape, wanted) for shape in whole["items"]]
    return as_json.octets({**whole, "items": items})


def describe(operation: dict[str, Any], components: dict[str, Any]) -> None:
    """Let a call that takes fields answer with sparse objects, in the OpenAPI document."""
    if all(each["name"] != PARAMETER for each in operation["parameters"]):
        return
    for content in operation["responses"][200]["content"].values():
        whole = content["schema"]
        content["schema"] = {"anyOf": [whole, _sparse(whole, components)]}


def _sparse(reference: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Return the reference to an object of which no member has to be there.

    Of a page, that is so for its objects.
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
