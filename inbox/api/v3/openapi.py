"""The OpenAPI document: what Ninja makes of the routes, with groups, problems and examples.

The example of an answer is made of the examples of its members, so that it has each of
them; the example of a call is a line for a shell.
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
    "Message analysis": "What Mailsink says about a message.",
    "Trace": "Where the mail for an address is.",
    "Sessions": "SMTP sessions, line by line, and what Mailsink says about them.",
    "Transactions": "MAIL to its end, above all those that were not accepted.",
    "Inboxes": "Settings of inboxes: how their clients are answered.",
    "Credentials": "The logins by which clients send to an inbox.",
    "Rules": "What Mailsink answers on purpose: to whom, when, and how often.",
    "Muted findings": "Kinds of findings that do not count.",
    "Saved searches": "The searches in the side bar.",
    "STARTTLS": "Clients that rejected the certificate of Mailsink.",
    "Routes": "Servers that mail may go out to, each with the recipients that it allows.",
    "Held mail": "Domains whose mail waits until their server asks for it.",
    "Release rules": "Rules that release captured messages, or copies of them, by themselves.",
    "Guard": "The switch by which only what a list names may leave.",
    "Releases": "Messages on their way out by a route, and what became of them.",
    "Webhooks": "Addresses that are called when something happens.",
    "Members": "Users and groups that may use an inbox, where there are accounts.",
    "Users": "The people who may sign in, and groups of them.",
    "Invitations": "Links by which people make an account.",
    "Tokens": "What programs sign in with, where there are accounts.",
    "Share links": "Links by which anybody reads one message or session.",
    "Audit": "Who read and changed what, where there are accounts.",
    "Live": "What happens, while it happens; /api/v3/asyncapi.json describes the websocket.",
    "Server": "The server itself, and its tags.",
}
_HERE = "http://127.0.0.1:8025"
_BY_FORMAT = {"uuid": ANY_ID, "date-time": "2026-11-28T09:30:00.000000Z"}
_BY_TYPE = {"boolean": False, "integer": 0, "number": 0, "string": "", "null": None}


def complete(document: OpenAPISchema, root: str = "") -> None:
    """Add what Ninja does not know. root: the path that Mailsink is served at"""
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
    """Give answers that say what went wrong the content type of problems."""
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
    """Return a value that a schema describes: of its own examples, or those of its members."""
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
    """Return a call as a line for a shell, with what its parameters give as examples."""
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
    """Return the words for the body of a call; what is no JSON comes from a file."""
    if kind != "application/json":
        return ["--data-binary", "@message.eml"]
    return ["-d", json.dumps(content["example"], ensure_ascii=False)]
