"""Twelve broken programs, each repaired by following the answers of the tools alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp import Client

from tests.agents.asked import ask, tools_of
from tests.agents.repairing import EDITS, repaired
from tests.running import Mailsink

BROKEN = Path(__file__).parent / "broken"
# What is wrong with each; the repair does not see this table.
FAULTS = {
    "newsletter": "missing_date",
    "receipt": "missing_message_id",
    "legacy": "bare_lf_data",
    "signup": "nearest: ",
    "invoice": "Send less",
    "relay": "Use a user name and password",
    "worker": "hello_underscore",
    "welcome": "placeholder",
    "reset": "local_link",
    "campaign": "no_text_part",
    "reminder": "tries again later",
    "audit": "bcc_header",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailsink]:
    folder = tmp_path_factory.mktemp("repairs")
    started = Mailsink(folder, SMTP_AUTH="shop:opensesame", MAX_MESSAGE_SIZE="100K")
    yield started
    started.stop()


def test_there_are_twelve() -> None:
    assert {each.stem for each in BROKEN.glob("*.py")} == FAULTS.keys()
    assert set(FAULTS.values()) == EDITS.keys()
    assert len(FAULTS) == 12


@pytest.mark.parametrize(
    ("name", "source"),
    [(name, (BROKEN / f"{name}.py").read_text()) for name in FAULTS],
    ids=list(FAULTS),
)
async def test_a_broken_program_is_repaired(
    name: str, source: str, server: Mailsink, tmp_path: Path
) -> None:
    async with Client(tools_of(server.url)) as agent:
        rule = 0
        if FAULTS[name] == "tries again later":  # a server that asks for patience
            made = await ask(agent, "set_rule", code=451, to="customer@*", first=1)
            rule = made["rule"]
        file = tmp_path / "program.py"  # its name says nothing
        followed = await repaired(source, file, server, agent)
        if rule:
            await ask(agent, "set_rule", remove=rule)
    assert followed == [FAULTS[name]]
