"""Measures Mailsink beside bare aiosmtpd, in turns on one core, as ratios.

    make bench, or: python -m bench [--rounds 5] [--quick] [--only PART]

The server under test has one core, the load client and a watching browser the other.
Prints Markdown, as it stands in bench/README.md. Needs two cores and Linux.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import large, live, resources, screen, throughput, waiting
from bench.table import show

PARTS = ("throughput", "resources", "waiting", "live", "large", "screen")
_TYPICAL = 1000.0  # messages a second, where the throughput is not measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages")
    parser.add_argument("--only", choices=PARTS)
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("bench: needs two cores, one for the server and one for the load")
    parts = {options.only} if options.only else set(PARTS)

    print(f"{platform.python_implementation()} {platform.python_version()}, "
          f"{platform.system()}, median of {options.rounds} rounds in turns.\n")  # fmt: skip
    top = _TYPICAL
    if "throughput" in parts:
        top = throughput.measure(options.rounds, 10 if options.quick else 1)
    if "resources" in parts:
        show(resources.measure())
    if "waiting" in parts:
        show(waiting.measure())
    if "live" in parts:
        show(live.measure())
    if "large" in parts:
        show(large.measure(top))
    if "screen" in parts:
        show(screen.measure())


if __name__ == "__main__":
    main()
