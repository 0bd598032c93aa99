"""Plots of the throughput as SVG, readable on light and dark pages."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.contenders import Contender
from bench.throughput import Turn, Turns

_WIDTH, _LEFT, _RIGHT, _TOP = 780, 270, 90, 75  # pixels
# Distinct even without colour vision, on white and on black (after Okabe and Ito).
_COLOURS = ("#2a86d1", "#e69f00", "#009e73", "#cc79a7", "#8c959f")
_STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f } .title { font-size: 16px; font-weight: 600 }
.grid { stroke: #8886 } .end { text-anchor: end } .middle { text-anchor: middle }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }
</style>"""


def rates(turns: Turns) -> str:
    """Draw a group of bars for each shape, one bar for each server: its median rate."""
    bar, gap = 16, 18
    servers = list(next(iter(turns.values())))
    bottom = _TOP + len(turns) * (len(servers) * bar + gap)
    wide = _WIDTH - _LEFT - _RIGHT
    parts = _ticks([(_LEFT + wide * n / 4, f"{n * 25} %") for n in range(5)], bottom)
    y = _TOP
    for shape, of in turns.items():
        medians = [_median(of[each]) for each in servers]
        middle = y + len(servers) * bar / 2 + 4
        parts.append(_text(_LEFT - 10, middle, shape.name, "end"))
        for server, median in zip(servers, medians, strict=True):
            length = wide * median / (max(medians) or 1)
            parts.append(
                f'<rect x="{_LEFT}" y="{y}" width="{length:.1f}" height="{bar - 2}" '
                f'fill="{_colour(servers, server)}"/>'
            )
            said = f"{median:,.0f}/s" if median >= 10 else f"{median:.1f}/s"
            parts.append(
                _text(_LEFT + length + 5, y + 12, said if median else "failed")
            )
            y += bar
        y += gap
    axis = "rate, in per cent of the fastest with that shape; written out in messages a second"
    return _drawing("Messages a second, by shape of load", axis, servers, parts, bottom)


def latency(turns: Turns) -> str:
    """Draw the distribution of the times until the 250, a line for each server."""
    shape = next(each for each in turns if each.latency)
    servers, bottom, left = list(turns[shape]), 330, 70
    spread = {each: _spread(turns[shape][each]) for each in servers}
    steps = [step for shares in spread.values() for step in shares] or [0]
    first, last = min(steps), max(steps) + 1
    most = max(
        (share for shares in spread.values() for share in shares.values()), default=1
    )
    wide, high = _WIDTH - left - 30, bottom - _TOP

    def x(step: float) -> float:
        return left + wide * (step - first) / (last - first)

    marks = [m * 10.0**e for e in range(-2, 5) for m in (1, 2, 5)]
    inside = [mark for mark in marks if first <= _step(mark) <= last]
    parts = _ticks([(x(_step(mark)), f"{mark:g}") for mark in inside], bottom)
    for percent in range(0, math.floor(most) + 1, 5 if most < 40 else 10):
        parts.append(
            _text(left - 8, bottom - high * percent / most + 4, f"{percent} %", "end")
        )
    for server, shares in spread.items():
        points = [f"{x(first):.1f},{bottom}"]
        for step in range(first, last):
            y = bottom - high * shares.get(step, 0) / most
            points += [f"{x(step):.1f},{y:.1f}", f"{x(step + 1):.1f},{y:.1f}"]
        parts.append(
            f'<polyline points="{" ".join(points)} {x(last):.1f},{bottom}" fill="none" '
            f'stroke="{_colour(servers, server)}" stroke-width="2"/>'
        )
    parts.append(_text(left, _TOP - 8, "share of the messages"))
    axis = "milliseconds from the last byte of a message to its 250 (logarithmic)"
    title = f"How long a 250 takes: {shape.name}"
    return _drawing(title, axis, servers, parts, bottom)


@dataclass(frozen=True)
class Panel:
    """A small plot over time: its title, and points of (time, value)."""

    title: str
    points: Sequence[tuple[float, float]]


def over_time(title: str, axis: str, panels: Sequence[Panel]) -> str:
    """Draw panels in two columns, each from zero, with its highest value as text."""
    wide, high, gap = 320, 90, 62
    parts = []
    for number, panel in enumerate(panels):
        left = 60 + number % 2 * (wide + gap)
        top = 70 + number // 2 * (high + gap)
        most = max(value for _, value in panel.points) or 1
        last = panel.points[-1][0]
        bottom = top + high
        line = " ".join(
            f"{left + wide * at / last:.1f},{bottom - high * value / most:.1f}"
            for at, value in panel.points
        )
        parts += [
            _text(left, top - 8, panel.title),
            f'<path class="grid" fill="none" d="M{left} {top}H{left + wide}M{left} {bottom}H{left + wide}"/>',
            f'<polyline points="{line}" fill="none" stroke="{_COLOURS[0]}" stroke-width="2"/>',
            _text(left - 6, top + 5, f"{most:,.0f}", "end"),
            _text(left - 6, bottom + 5, "0", "end"),
            _text(left + wide, bottom + 18, f"{last:,.0f}", "end"),
        ]
    rows = (len(panels) + 1) // 2
    return _drawing(title, axis, [], parts, 40 + rows * (high + gap))


_STEPS_A_TENFOLD = 20


def _step(milliseconds: float) -> float:
    return math.log10(milliseconds) * _STEPS_A_TENFOLD


def _spread(turns: list[Turn]) -> dict[int, float]:
    """Return the percentage of messages in each step of the logarithmic axis."""
    waits = [each for turn in turns for each in turn.waits]
    steps = Counter(math.floor(_step(max(each * 1000, 0.01))) for each in waits)
    return {step: 100 * number / len(waits) for step, number in steps.items()}


def _median(turns: list[Turn]) -> float:
    return statistics.median([each.rate for each in turns if not each.wrong] or [0.0])


def _colour(servers: list[Contender], server: Contender) -> str:
    return _COLOURS[servers.index(server) % len(_COLOURS)]


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(text)}</text>'


def _ticks(ticks: list[tuple[float, str]], bottom: int) -> list[str]:
    return [
        f'<path class="grid" d="M{x:.1f} {_TOP}V{bottom}"/>'
        + _text(x, bottom + 18, label, "middle")
        for x, label in ticks
    ]


def _drawing(
    title: str, axis: str, servers: list[Contender], parts: list[str], bottom: int
) -> str:
    """Return a whole plot, with its title, its axis and its legend."""
    legend, x = [], 15
    for each in servers:
        name = each.name.replace("`", "")
        legend.append(
            f'<rect x="{x}" y="34" width="12" height="12" fill="{_colour(servers, each)}"/>'
        )
        legend.append(_text(x + 18, 45, name))
        x += 45 + 7 * len(name)
    height = bottom + 50
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" aria-label="{escape(title)}">',
        _STYLE, _text(15, 22, title, "title"), *legend, *parts,
        _text(_WIDTH / 2, bottom + 40, axis, "middle"), "</svg>\n",
    ])  # fmt: skip
