"""The bench: what it must not overlook, and what it writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import arrived, plots, processor, report, soak, source
from bench.contenders import Bare, Contender, Mailpit, OfMailsink
from bench.peers import Peer
from bench.shapes import SHAPES
from bench.table import Row
from bench.throughput import Turn

SHAPE = SHAPES[0]
MARKED = {"marked-0@bench.test": b"Message-ID: <marked-0@bench.test>\r\n\r\nhard\r\n"}
ADDED = b"Return-Path: <a@example.com>\r\nReceived: from b\r\n        by c\r\n"


def of_load(number: int) -> tuple[str, bytes]:
    """Return a message as smtp-source sends it, after its Message-ID."""
    message_id = f"12ab.0007.{number:04x}@bench.test"
    lines = b"".join(b"%d%s\r\n" % (line % 10, b"X" * 77) for line in range(1, 26))
    return message_id, (
        b"From: <orders@shop.test>\r\nTo: <ann@example.com>\r\n"
        b"Date: Sun, 29 Nov 2026 01:30:00 +0000 (UTC)\r\n"
        b"Message-Id: <%s>\r\nSubject: Your order is confirmed\r\n\r\n%s%s\r\n"
        % (message_id.encode(), lines, b"X" * 48)
    )


class Held(Contender):
    """A server that has what it is given."""

    adds = frozenset({b"Return-Path", b"Received"})

    def __init__(self, messages: dict[str, bytes]) -> None:
        super().__init__()
        self.messages = messages

    def count(self) -> int:
        return len(self.messages)

    def held(self) -> dict[str, str]:
        return {each: each for each in self.messages}

    def source(self, id: str) -> bytes:
        return self.messages[id]


def wrong(messages: dict[str, bytes]) -> str:
    return arrived.wrong(Held(messages), MARKED, SHAPE, 3)


class TestArrived:
    sent = MARKED | dict(of_load(number) for number in range(3))

    def test_nothing_is_wrong(self) -> None:
        assert wrong(self.sent) == ""

    def test_fields_that_the_server_may_add(self) -> None:
        assert wrong({id: ADDED + each for id, each in self.sent.items()}) == ""

    def test_other_fields(self) -> None:
        changed = {id: b"X-More: a\r\n" + each for id, each in self.sent.items()}
        assert wrong(changed) == "marked-0@bench.test is not as it was sent"

    def test_one_is_lost(self) -> None:
        left = dict(list(self.sent.items())[:-1])
        assert wrong(left) == "3 of 4 arrived"

    def test_one_came_twice_and_one_is_lost(self) -> None:
        class Twice(Held):
            def count(self) -> int:
                return 4

        left = Twice(dict(list(self.sent.items())[:-1]))
        found = arrived.wrong(left, MARKED, SHAPE, 3)
        assert found == "3 of 4 Message-IDs arrived"

    @pytest.mark.parametrize("change", [(b"X\r\n", b"Y\r\n"), (b"Subject", b"subject")])
    def test_one_of_the_load_is_changed(self, change: tuple[bytes, bytes]) -> None:
        id, octets = of_load(1)
        assert "than sent" in wrong(self.sent | {id: octets.replace(*change)})

    def test_a_server_that_keeps_nothing_is_counted(self) -> None:
        class Counted(Held):
            def held(self) -> None:  # type: ignore[override]
                return None

        assert arrived.wrong(Counted(self.sent), MARKED, SHAPE, 3) == ""


def test_last_line_of_the_load_that_is_whole() -> None:
    """Its text then ends where a line would: smtp-source writes no digit there."""
    assert source._text(160) == b"1" + b"X" * 77 + b"\r\n" + b"X" * 80 + b"\r\n"


def test_processor_time_has_that_of_children() -> None:
    """One that works, of a parent that does not; while it runs, and after it ended."""
    work = (
        "import time\nwhile time.process_time() < 0.5: pass\nprint(flush=True)\ninput()"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}]); print(); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    with process:
        for _ in ("child works", "child ended"):
            process.stdout.readline()
            assert processor.used(process.pid) >= 0.5
            process.stdin.write(b"\n")
            process.stdin.flush()


OURS, MAILPIT, BARE = OfMailsink(), Mailpit(Peer("1.2.3", "mailpit")), Bare()


def turns(ours: list[Turn]) -> dict[object, object]:
    beside = {MAILPIT: [Turn(1000, 0.5, 1.0, [0.02, 0.03])] * 2, BARE: [Turn(1500)] * 2}
    return {SHAPE: {OURS: ours, **beside}}


class TestReport:
    def test_budgets(self) -> None:
        said = report.markdown(turns([Turn(1600, 0.5, 1.5), Turn(1800, 0.5, 1.5)]), 2)
        rate, bare, cpu = said.strip().splitlines()[-3:]
        assert rate.endswith("to Mailpit | 1.70 (1.60 to 1.80) | at least 1.5 | met |")
        assert bare.endswith("1.13 (1.07 to 1.20) | at least 1.2 | **missed** |")
        assert cpu.endswith("1.50 (1.50 to 1.50) | below 1 | **missed** |")

    def test_a_round_that_lost_one_does_not_count(self) -> None:
        lost = Turn(9000, wrong="7 of 8 arrived")
        said = report.markdown(turns([Turn(2000), lost]), 2)
        assert "| 2,000 (2,000 to 2,000); **7 of 8 arrived** |" in said
        assert "2.00 (2.00 to 2.00) | at least 1.5 | met" in said

    def test_nothing_but_failures(self) -> None:
        said = report.markdown(turns([Turn(wrong="refused")] * 2), 2)
        assert "| **refused** |" in said
        assert "| — | at least 1.5 | not measured |" in said

    def test_plots_are_xml(self) -> None:
        measured = turns([Turn(2000, waits=[0.001, 0.5]), Turn(wrong="a & b")])
        for drawing in (plots.rates(measured), plots.latency(measured)):
            words = "".join(ElementTree.fromstring(drawing).itertext())
            assert "Mailpit 1.2.3 -d" in words

    def test_write_leaves_the_rest(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        readme = Path(report.__file__).with_name("README.md").read_text()
        (tmp_path / "README.md").write_text(readme)
        monkeypatch.setattr(report, "_FOLDER", tmp_path)
        for rate in (3000, 2000):
            report.write(turns([Turn(rate, waits=[0.01, 0.02])] * 2), 2)
        written = (tmp_path / "README.md").read_text()
        assert "| 2,000 (2,000 to 2,000) |" in written
        assert "3,000" not in written.partition("## Start")[0]
        assert written.partition("## Start")[2] == readme.partition("## Start")[2]
        for name in ("rates.svg", "latency.svg"):
            assert f"](plots/{name})" in written
            assert (tmp_path / "plots" / name).exists()


SAMPLES = [
    soak.Sample(
        sent,
        900.0,
        0.02,
        100e6 + sent,
        31,
        8,
        300_000_000,
        50_000,
        0.0011,
        0.0003,
        0.002,
    )
    for sent in range(10_000, 210_000, 10_000)
]


class TestSoak:
    def test_it_says_what_was_first_and_last_once_retention_had_begun(self) -> None:
        [memory, descriptors, *_] = soak.rows(SAMPLES)
        first, last = (round((100e6 + sent) / 2**20) for sent in (60_000, 200_000))
        assert memory.measured == f"{first}, then {last} MB (at most {last})"
        assert descriptors.measured == "31, then 31 (at most 31)"

    def test_the_machine_has_no_budget(self) -> None:
        *_, rate, work, sync = soak.rows(SAMPLES)
        assert rate.budget == "as many"
        assert work.measured == "300, then 300 µs (at most 300)"
        assert (work.budget, sync.budget) == ("", "")

    def test_it_is_written_beside_the_throughput(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        readme = Path(report.__file__).with_name("README.md").read_text()
        (tmp_path / "README.md").write_text(readme)
        monkeypatch.setattr(report, "_FOLDER", tmp_path)
        report.write_soak(SAMPLES)
        written = (tmp_path / "README.md").read_text()
        assert "| descriptors | 31, then 31 (at most 31) |" in written
        assert written.count("begin of the soak") == 1
        for heading in ("## Throughput", "## Start"):
            assert heading in written
        drawing = (tmp_path / "plots" / "soak.svg").read_text()
        words = "".join(ElementTree.fromstring(drawing).itertext())
        assert "200,000 messages of mixed sizes" in words
        assert "p99 of the 250, ms" in words


def test_the_table_of_a_large_store_is_written_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = Path(report.__file__).with_name("README.md").read_text()
    (tmp_path / "README.md").write_text(readme)
    monkeypatch.setattr(report, "_FOLDER", tmp_path)
    report.write_large([Row("API list", "7 ms", "50 ms")])
    before, _, rest = (
        (tmp_path / "README.md").read_text().partition("begin of the large")
    )
    between, _, after = rest.partition("end of the large")
    assert "| API list | 7 ms | 50 ms |" in between
    assert "page of a search" not in between
    assert readme.startswith(before)
    assert readme.endswith(after)
