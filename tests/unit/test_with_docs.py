"""docs/with: every page is there, its links lead somewhere, and its blocks can be read."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.running import ROOT

PAGES = sorted((ROOT / "docs/with").glob("*.md"))
NAMES = (
    "cypress ddev django docker dotnet github-actions gitlab go kubernetes laravel node "
    "playwright pytest rails spring symfony"
).split()
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:]+)(#[^)]*)?\)")


def blocks(*kinds: str) -> Iterator[tuple[str, str]]:
    """Yield each block of these kinds, with the name of its page."""
    for page in PAGES:
        for kind, text in _BLOCK.findall(page.read_text()):
            if kind in kinds:
                yield page.stem, text


def test_all_pages_are_there_and_listed() -> None:
    assert [each.stem for each in PAGES] == NAMES
    readme = (ROOT / "README.md").read_text()
    for name in NAMES:
        assert f"(docs/with/{name}.md)" in readme


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "docs/coming-from-maildev.md"], ids=str
)
def test_links_lead_somewhere(page: Path) -> None:
    for target, _ in _LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize(("page", "text"), [*blocks("yaml")])
def test_yaml_can_be_read(page: str, text: str) -> None:
    documents = list(yaml.safe_load_all(text))
    assert all(isinstance(each, dict) for each in documents)


@pytest.mark.parametrize(("page", "text"), [*blocks("python", "json")])
def test_code_can_be_read(page: str, text: str) -> None:
    json.loads(text) if text.startswith("{") else ast.parse(text)


def test_services_name_what_they_run() -> None:
    """A compose file whose services wait for one that is not there starts nothing."""
    for page, text in blocks("yaml"):
        services = yaml.safe_load(text.split("\n---")[0]).get("services", {})
        for name, service in services.items():
            assert service.get("image") or service.get("build"), (page, name)
            assert set(service.get("depends_on", {})) <= set(services)
