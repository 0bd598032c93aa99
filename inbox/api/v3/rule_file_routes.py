"""API v3: rules as a file, for export and import."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router

from inbox import serializers
from inbox.api.v3.common import InboxSlug, answer, query, scope
from inbox.api.v3.rule_resource import RuleObject, shape
from inbox.api.v3.schemas import Page
from inbox.http import files
from inbox.models.inbox import DEFAULT_SLUG
from inbox.rules import rule_files
from inbox.rules.rule_texts import MOST_OCTETS

router = Router()

_TYPES = {"json": "application/json", "yaml": "application/yaml"}
_EXAMPLE = """mailsink_rules: 1
rules:
- name: Fail twice
  stage: rcpt
  conditions: {forward_path: "audit@*"}
  actions: {code: 451}
  limits: {first: 2}
"""
_CONTENT = {
    "application/yaml": {"schema": {"type": "string"}, "example": _EXAMPLE},
    "application/json": {
        "schema": {"type": "object"},
        "example": {"mailsink_rules": 1, "rules": []},
    },
}
_BODY = {
    "required": True,
    "description": "The rules, as the export writes them.",
    "content": _CONTENT,
}
FileFormat = Annotated[
    Literal["json", "yaml"], query("The form of the file: json or yaml.", "yaml")
]
Replace = Annotated[
    bool, query("Whether the other rules of the inbox are removed.", False)
]


@router.get(
    "/export",
    summary="Export rules",
    openapi_extra={
        "responses": {200: {"content": {**_CONTENT, "application/yaml": {}}}}
    },
)
def export(
    request: HttpRequest, format: FileFormat = "yaml", inbox: InboxSlug = None
) -> HttpResponse:
    """The rules of an inbox as a file, in their order, without their hits."""
    text = rule_files.export(scope(), inbox or DEFAULT_SLUG, format)
    return files.saved(text.encode(), _TYPES[format], f"rules.{format}")


@router.post(
    "/import",
    response={201: Page[RuleObject]},
    summary="Import rules",
    openapi_extra={"requestBody": _BODY},
)
def take(
    request: HttpRequest, replace: Replace = False, inbox: InboxSlug = None
) -> HttpResponse:
    """Adds the rules of a file after the others, or instead of them.

    The file is JSON or YAML, at most 2 MiB. Mailsink adds all its rules, or none: an
    error names the rule and its member.
    """
    octets = request.read(MOST_OCTETS + 1)
    made = rule_files.take(scope(), inbox or DEFAULT_SLUG, octets, replace)
    return answer(serializers.page(map(shape, made), None), 201)
