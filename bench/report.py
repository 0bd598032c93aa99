"""The measured throughput as Markdown, and its place in README.md."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from bench import plots, soak
from bench.contenders import Bare, Contender, Mailpit, OfMailsink
from bench.shapes import Shape
from bench.table import Row
from bench.throughput import Turn, Turns

_FOLDER = Path(__file__).parent
_BEGIN = "<!-- begin of the {0}: python -m bench --only {0} --write -->\n"
_END = "<!-- end of the {0} -->\n"
_ALT = {
    "rates.svg": "Bars: messages a second of each server, by shape of load",
    "latency.svg": "Histogram: milliseconds from the last byte to the 250, of each server",
    "soak.svg": "Lines over the messages sent: memory, descriptors, tasks, data folder, p99, rate",
}

Of = Callable[[Turn], float]


def _rate(turn: Turn) -> float:
    return turn.rate


def _cpu(turn: Turn) -> float:
    return turn.all


def markdown(turns: Turns, rounds: int) -> str:
    """Return all tables."""
    servers = list(next(iter(turns.values())))
    parts = [
        f"{_machine()}; medians of {rounds} round{'s' * (rounds > 1)} in turns within one "
        "run, the lowest to the highest in brackets.",
        _table(
            ["messages a second", *(each.name for each in servers)],
            ([shape.name, *(_cell(of[each], _rates) for each in servers)]
             for shape, of in turns.items()),
        ),
        _table(
            ["processor seconds for 1,000 messages, when the last 250 came · with "
             "everything after it", *(each.name for each in servers)],
            ([shape.name, *(_cell(of[each], _seconds) for each in servers)]
             for shape, of in turns.items()),
        ),
        *(_waits(shape, of) for shape, of in turns.items() if shape.latency),
        _table(
            ["Mailsink beside a peer", "ratio", "budget", "stands"],
            (row for shape, of in turns.items() for row in _budgets(shape, of)),
        ),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def write(turns: Turns, rounds: int) -> None:
    """Write the tables into bench/README.md, between two marks; save the plots."""
    drawn = {"rates.svg": plots.rates(turns), "latency.svg": plots.latency(turns)}
    _put("throughput", markdown(turns, rounds), drawn)


def write_soak(samples: Sequence[soak.Sample]) -> None:
    """Write the table of a soak into bench/README.md, and save its plots."""
    head = ["what", "measured", "budget"]
    text = f"{_machine()}.\n\n{_table(head, soak.rows(samples))}\n"
    _put("soak", text, {"soak.svg": soak.drawing(samples)})


def write_large(rows: Sequence[Row]) -> None:
    """Write the table of a large store into bench/README.md."""
    head = ["what", "measured", "budget"]
    about = f"{_machine()}. The processor's time is the server's, for one request."
    _put("large", f"{about}\n\n{_table(head, rows)}\n", {})


def _put(part: str, text: str, drawn: Mapping[str, str]) -> None:
    """Write a text and links to its drawings between a part's marks in README.md."""
    begin, end = _BEGIN.format(part), _END.format(part)
    readme = _FOLDER / "README.md"
    before, _, rest = readme.read_text("utf-8").partition(begin)
    _, _, after = rest.partition(end)
    (_FOLDER / "plots").mkdir(exist_ok=True)
    links = []
    for name, drawing in drawn.items():
        (_FOLDER / "plots" / name).write_text(drawing, "utf-8")
        links.append(f"![{_ALT[name]}](plots/{name})\n")
    between = "\n".join([begin, text, *links, end])
    readme.write_text(f"{before}{between}{after}", "utf-8")


def _machine() -> str:
    model = "a processor of unknown make"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, {python}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(turns: Sequence[Turn], shown: Callable[[Sequence[Turn]], str]) -> str:
    """Return a server's result for a shape, with any error."""
    good = [each for each in turns if not each.wrong]
    wrong = sorted({f"**{each.wrong}**" for each in turns if each.wrong})
    figures = [shown(good)] if good else []
    return "; ".join(figures + wrong).replace("|", "\\|")


def _rates(turns: Sequence[Turn]) -> str:
    rates = [each.rate for each in turns]
    digits = 0 if min(rates) >= 100 else 1
    middle, low, high = statistics.median(rates), min(rates), max(rates)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def _seconds(turns: Sequence[Turn]) -> str:
    received = statistics.median(each.received for each in turns)
    everything = statistics.median(each.all for each in turns)
    return f"{received:.2f} · {everything:.2f}"


def _waits(shape: Shape, of: dict[Contender, list[Turn]]) -> str:
    rows = []
    for server, turns in of.items():
        waits = [wait * 1000 for turn in turns for wait in turn.waits]
        if waits:
            cuts = statistics.quantiles(waits, n=100)
            figures = (cuts[49], cuts[94], cuts[98], max(waits))
            rows.append([server.name, *(f"{each:.1f}" for each in figures)])
    head = f"milliseconds from the last byte to the 250, {shape.name}"
    return _table([head, "median", "p95", "p99", "longest"], rows)


def _budgets(shape: Shape, of: dict[Contender, list[Turn]]) -> Iterable[list[str]]:
    """Yield a row for each budget of a shape whose peer was measured."""
    by_class = {type(server): turns for server, turns in of.items()}
    ours = by_class[OfMailsink]
    of_rate, of_cpu = "messages a second", "processor time with everything"
    for what, peer, figure, limit, at_least in (
        (f"{of_rate}, to Mailpit", Mailpit, _rate, shape.budget.to_mailpit, True),
        (f"{of_rate}, to bare aiosmtpd", Bare, _rate, shape.budget.to_bare, True),
        (f"{of_cpu}, to Mailpit", Mailpit, _cpu, shape.budget.cpu_to_mailpit, False),
    ):
        if not limit or peer not in by_class:
            continue
        ratio, shown = _ratio(ours, by_class[peer], figure)
        met = ratio is not None and (ratio >= limit if at_least else ratio < limit)
        bound = f"at least {limit:g}" if at_least else f"below {limit:g}"
        stands = "not measured" if ratio is None else "met" if met else "**missed**"
        yield [f"{shape.name}: {what}", shown, bound, stands]


def _ratio(
    ours: Sequence[Turn], theirs: Sequence[Turn], figure: Of
) -> tuple[float | None, str]:
    """Return the ratio of the medians, and its text; failed rounds do not count."""
    pairs = [
        (figure(our), figure(their))
        for our, their in zip(ours, theirs, strict=True)
        if not our.wrong and not their.wrong
    ]
    if not pairs:
        return None, "—"
    ratio = statistics.median(a for a, _ in pairs) / statistics.median(
        b for _, b in pairs
    )
    each = [a / b for a, b in pairs]
    return ratio, f"{ratio:.2f} ({min(each):.2f} to {max(each):.2f})"
