"""The OpenAPI document: Ninja's, with groups, problems and examples.

The example of an answer consists of the examples of its members, so that it has all of
them; the example of a call is a shell command.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from ninja.openapi.schema import OpenAPISchema

from inbox.api.v3 import schemas, sparse
from inbox.api.v3.common import ANY_ID
from inbox.http.problems import CONTENT_TYPE

JsonSchema = dict[str, Any]

GROUPS = {
    "Messages": "List, wait for, change, delete, import and export messages.",
    "Message content": "What is in a message: bodies, header, links, parts.",
    "Message analysis": "Mailsink's analysis of a message.",
    "Trace": "Where the mail for an address is.",
    "Sessions": "SMTP sessions, line by line, and Mailsink's analysis of them.",
    "Transactions": "From MAIL to the end of the message, above all those that were not accepted.",
    "Inboxes": "Settings of inboxes: how their clients are answered.",
    "Credentials": "The logins with which clients send to an inbox.",
    "Rules": "Deliberate replies: to whom, when, and how often.",
    "Muted findings": "Kinds of findings that do not count.",
    "Saved searches": "The searches in the side bar.",
    "STARTTLS": "Clients that rejected the certificate of Mailsink.",
    "Routes": "Servers that mail may go out to, each with the recipients that it allows.",
    "Held mail": "Domains whose mail waits until their server requests it.",
    "Release rules": "Rules that release captured messages, or copies of them, automatically.",
    "Guard": "The switch that lets mail leave only to the addresses of a list.",
    "Releases": "Messages on their way out through a route, and their results.",
    "Webhooks": "Addresses that are called when something happens.",
    "Members": "Users and groups that may use an inbox, if there are accounts.",
    "Users": "The people who may sign in, and groups of them.",
    "Invitations": "Links for making an account.",
    "Tokens": "The credentials of programs, if there are accounts.",
    "Share links": "Links with which anybody can read one message or session.",
    "Audit": "The log of reads and changes, if there are accounts.",
    "Live": "Events as they happen; /api/v3/asyncapi.json describes the websocket.",
    "Server": "The server itself, and its tags.",
}
_HERE = "http://127.0.0.1:8025"
_BY_FORMAT = {"uuid": ANY_ID, "date-time": "2026-11-28T09:30:00.000000Z"}
_BY_TYPE = {"boolean": False, "integer": 0, "number": 0, "string": "", "null": None}


def complete(document: OpenAPISchema, root: str = "") -> None:
    """Add the parts that Ninja does not know. root: the path at which Mailsink is served"""
    document["tags"] = [
        {"name": name, "description": words} for name, words in GROUPS.items()
    ]
    components = document["components"]["schemas"]
    components["Problem"] = schemas.PROBLEM
    for path, method, operation in operations(document):
        _name_problems(operation["responses"])
        operation["responses"]["default"] = _PROBLEM
        sparse.describe(operation, components)
        for content in _contents(operation):
            content["example"] = example(content["schema"], components)
        line = _call(f"{root}{path}", method, operation)
        operation["description"] += f"\n\n```sh\n{line}\n```"


_PROBLEM = {
    "description": "Problem",
    "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _name_problems(responses: JsonSchema) -> None:
    """Set the content type of problems for answers with errors."""
    for status, response in responses.items():
        if int(status) >= 400 and "content" in response:
            [content] = response["content"].values()
            response["content"] = {CONTENT_TYPE: content}


def operations(document: JsonSchema) -> Iterator[tuple[str, str, JsonSchema]]:
    """Yield path, method and operation of each call."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _contents(operation: JsonSchema) -> Iterator[JsonSchema]:
    """Yield the bodies of request and answers that a schema describes."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        for content in body.get("content", {}).values():
            if "schema" in content and "example" not in content:
                yield content


def example(schema: JsonSchema, components: JsonSchema) -> Any:
    """Return an example for a schema: its own, or one made from those of its members."""
    if "examples" in schema:
        return schema["examples"][0]
    if "example" in schema:
        return schema["example"]
    if "$ref" in schema:
        return example(components[schema["$ref"].rpartition("/")[2]], components)
    if schema.get("default") is not None:
        return schema["default"]
    for choices in ("allOf", "anyOf", "oneOf", "enum"):
        if choices in schema:
            first = schema[choices][0]
            return first if choices == "enum" else example(first, components)
    if "const" in schema:
        return schema["const"]
    return _of_type(schema, components)


def _of_type(schema: JsonSchema, components: JsonSchema) -> Any:
    kind = schema.get("type", "object")
    if kind == "array":
        return [example(schema["items"], components)]
    if kind == "object":
        members = schema.get("properties", {}).items()
        return {name: example(each, components) for name, each in members}
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE[kind])


def _call(path: str, method: str, operation: JsonSchema) -> str:
    """Return a call as a shell command, with the examples of its parameters."""
    asked = []
    for each in operation["parameters"]:
        if "example" not in each:
            continue
        value = quote(str(each["example"]), safe="@:")
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", value)
        else:
            asked.append(f"{each['name']}={value}")
    url = f"{_HERE}{path}{'?' if asked else ''}{'&'.join(asked)}"
    words = ["curl", *([] if method == "get" else ["-X", method.upper()]), url]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        words += ["-H", f"Content-Type: {kind}", *_given(kind, content)]
        break
    return shlex.join(words)


def _given(kind: str, content: JsonSchema) -> list[str]:
    """Return the arguments for the body of a call; from a file if it is not JSON."""
    if kind != "application/json":
        return ["--data-binary", "@message.eml"]
    return ["-d", json.dumps(content["example"], ensure_ascii=False)]
