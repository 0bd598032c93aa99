"""The OpenAPI document says what each call, parameter and member is, with an example."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.test.utils import override_script_prefix
from django.urls import resolve

from inbox.api.v3 import openapi
from inbox.api.v3.api import api as v3
from inbox.api.v3.openapi import GROUPS, operations

VERBS = {
    "Add", "Cancel", "Change", "Check", "Compare", "Delete", "Describe", "Download", "Explain", "Export", "Follow", "Get",
    "Hold", "Import", "List", "Measure", "Mute", "Offer", "Release", "Remove", "Reproduce",
    "Replace", "Replay", "Restore", "Retry", "Save", "Send", "Stop", "Test", "Trace", "Trust", "Try", "Wait",
}  # fmt: skip


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return v3.get_openapi_schema()


def described(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object that has to be described, with where it stands."""
    if isinstance(node, dict):
        for name, each in node.get("properties", {}).items():
            yield f"{path}.{name}", each
        for name, each in node.items():
            if name not in ("example", "examples"):
                yield from described(each, f"{path}/{name}")
    elif isinstance(node, list):
        for index, each in enumerate(node):
            yield from described(each, f"{path}/{index}")


def test_it_is_made_once_for_each_path_at_which_it_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    v3.get_openapi_schema()
    with override_script_prefix("/a/b/"):
        below = v3.get_openapi_schema()
    monkeypatch.setattr(openapi, "complete", None)
    assert not v3.get_openapi_schema()["servers"]
    with override_script_prefix("/a/b/"):
        assert v3.get_openapi_schema() is below
    assert below["servers"] == [{"url": "/a/b"}]


def test_summaries_are_a_verb_and_a_noun(document: dict[str, Any]) -> None:
    summaries = []
    for path, method, operation in operations(document):
        summary = operation["summary"]
        verb, *noun = summary.split()
        assert verb in VERBS, (method, path, summary)
        assert noun, (method, path)
        function = operation["operationId"].partition("_")[2]
        assert summary.casefold() != function.replace("_", " ").casefold()
        summaries.append(summary)
    assert len(set(summaries)) == len(summaries)
    assert {"Get a message", "Trace an address", "Wait for messages"} <= set(summaries)


def test_everything_is_described(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        assert operation["description"].strip(), (method, path)
        for each in operation["parameters"]:
            assert len(each.get("description", "")) > 8, (path, each["name"])
    members = list(described(document))
    assert len(members) > 250
    for where, member in members:
        words = member.get("description", "")
        assert len(words) > 3, where
        assert words.endswith("."), (where, words)


def test_groups_are_described_and_used(document: dict[str, Any]) -> None:
    used = {tag for *_, each in operations(document) for tag in each["tags"]}
    assert used == set(GROUPS)
    assert [each["name"] for each in document["tags"]] == list(GROUPS)
    assert all(each["description"] for each in document["tags"])


def test_one_name_stands_for_one_object() -> None:
    seen: dict[str, Any] = {}
    add = v3_schema_definitions(seen)
    assert add > 40


def v3_schema_definitions(seen: dict[str, Any]) -> int:
    """Gather the objects of all answers and bodies; the same name twice must be the same."""
    for router in v3._get_bound_routers():
        for view in router.path_operations.values():
            for operation in view.operations:
                for model in operation.response_models.values():
                    if not hasattr(model, "model_json_schema"):
                        continue
                    found = model.model_json_schema(mode="serialization")
                    for name, each in found.get("$defs", {}).items():
                        assert seen.setdefault(name, each) == each, name
    return len(seen)


def test_each_call_has_an_example(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        line = operation["description"].partition("```sh\n")[2].partition("\n```")[0]
        words = shlex.split(line)
        assert words[0] == "curl", (method, path)
        (url,) = (word for word in words if word.startswith("http://"))
        assert "{" not in url
        assert resolve(urlsplit(url).path)
        for status, response in operation["responses"].items():
            for kind, content in response.get("content", {}).items():
                if kind == "application/json":
                    assert content["example"], (method, path, status)


def test_examples_show_every_member(document: dict[str, Any]) -> None:
    content = document["paths"]["/api/v3/messages/{id}"]["get"]["responses"][200]
    message = content["content"]["application/json"]["example"]
    assert message["from"] == {"name": "Ann Smith", "address": "ann@example.com"}
    assert message["codes"] == ["162149"]
    assert message["envelope"]["recipients"][0]["rcpt_code"] == 250


def test_examples_show_what_stands_within(document: dict[str, Any]) -> None:
    answers = document["paths"]["/api/v3/messages/wait"]["get"]["responses"]
    assert list(answers[408]["content"]) == ["application/problem+json"]
    (miss,) = answers[408]["content"]["application/problem+json"]["example"][
        "near_misses"
    ]
    assert miss["message"]["subject"] == "Confirm your account"
    assert miss["transaction"]["reverse_path"]


def test_the_example_of_an_import_sends_a_file(document: dict[str, Any]) -> None:
    line = document["paths"]["/api/v3/messages"]["post"]["description"]
    assert "-H 'Content-Type: message/rfc822' --data-binary @message.eml\n" in line


def test_examples_of_calls_are_understood(client: Client, db: None) -> None:
    """The shell lines of calls that read: nothing is wrong with their parameters."""
    document = v3.get_openapi_schema()
    for path, method, operation in operations(document):
        if method != "get" or path.endswith("/wait"):
            continue
        line = operation["description"].partition("```sh\n")[2].partition("\n```")[0]
        url = urlsplit(shlex.split(line)[1])
        answer = client.get(f"{url.path}?{url.query}")
        assert answer.status_code in (200, 404), (line, answer.content)
