"""Measures Mailsink, and compares its throughput with its peers' in turns.

    make bench, or: python -m bench [--rounds 3] [--quick] [--only PART]
        [--all-peers] [--write]

The server under test has one core, the load and a watching browser the other. Prints
Markdown, in the form of bench/README.md. Needs two cores and Linux.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import (
    large,
    live,
    moving,
    report,
    resources,
    ruled,
    scaled,
    screen,
    soak,
    strict,
    throughput,
    waiting,
)
from bench.table import show
from tests.programs import MissingProgramError

PARTS = (
    "throughput",
    "resources",
    "waiting",
    "strict",
    "live",
    "large",
    "screen",
    "ruled",
    "scaled",
    "moving",
    "soak",
)
_WRITTEN = {"large", "soak", "throughput"}  # by --write
_LONG = {"soak"}  # measured only on request
_TYPICAL = 1000.0  # messages a second, if the throughput is not measured
_QUIET = 0.5  # the highest load average of a machine for good measurements


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of the throughput")
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages")
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--write", action="store_true",
                        help="put the throughput, large or the soak into bench/README.md")  # fmt: skip
    parser.add_argument("--all-peers", action="store_true",
                        help="measure MailDev and Inbucket too")  # fmt: skip
    options = parser.parse_args()
    parts = {options.only} if options.only else set(PARTS) - _LONG
    if options.rounds < 1:
        parser.error("--rounds wants at least 1")
    if options.write and (options.quick or not parts & _WRITTEN):
        written = ", ".join(sorted(_WRITTEN))
        parser.error(f"--write wants one of {written} in full, without --quick")
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("bench: needs two cores, one for the server and one for the load")
    if os.getloadavg()[0] > _QUIET:
        print("bench: the machine is busy: do not trust these figures", file=sys.stderr)
    try:
        run(parts, options)
    except KeyboardInterrupt:
        sys.exit(130)
    except MissingProgramError as error:
        sys.exit(f"bench: {error}")


def run(parts: set[str], options: argparse.Namespace) -> None:
    """Measure these parts, and print the result of each."""
    top = _TYPICAL
    if "throughput" in parts:
        servers = throughput.contenders(options.all_peers)
        turns = throughput.measure(servers, options.rounds, 10 if options.quick else 1)
        top = throughput.top(turns) or _TYPICAL
        print(report.markdown(turns, options.rounds), flush=True)
        if options.write:
            report.write(turns, options.rounds)
    if "resources" in parts:
        show(resources.measure())
    if "waiting" in parts:
        show(waiting.measure())
    if "strict" in parts:
        show(strict.measure())
    if "live" in parts:
        show(live.measure())
    if "large" in parts:
        rows = large.measure(top, options.quick)
        show(rows)
        if options.write:
            report.write_large(rows)
    if "screen" in parts:
        show(screen.measure())
    if "ruled" in parts:
        show(ruled.measure())
    if "scaled" in parts:
        print(scaled.markdown(scaled.measure(10 if options.quick else 1)), flush=True)
    if "moving" in parts:
        show(moving.measure(options.quick))
    if "soak" in parts:
        samples = soak.measure(options.quick)
        show(soak.rows(samples))
        if options.write:
            report.write_soak(samples)


if __name__ == "__main__":
    # Ended by a signal, it still stops its servers and removes their folders.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main()
