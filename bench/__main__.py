"""Run benches by name, all without one, and print their tables with what else the machine was doing."""

import argparse
import gc
import importlib
import os
import platform
import time

from bot.__main__ import GARBAGE_THRESHOLDS

NAMES = (
    "ack",
    "long_runs",
    "way_out",
    "card",
    "ready",
    "copies",
    "plan",
    "check",
    "digest",
    "redaction",
    "measuring",
    "claims",
    "retrieval",
    "judged",
    "draft",
)


def main() -> None:
    """Run what the arguments name."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the bot beside a yardstick.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--tiny", action="store_true", help="once and small: does it run? The figures mean nothing")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(NAMES))
    if unknown:
        parser.error(f"there is no bench {unknown[0]!r}; there is {', '.join(NAMES)}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}\n")
    for name in arguments.names or NAMES:
        before, began = os.getloadavg()[0], time.monotonic()
        for table in importlib.import_module(f"bench.{name}").measure(tiny=arguments.tiny):
            print("\n".join(table.lines()), flush=True)
        print(f"load average {before:.2f} before; took {time.monotonic() - began:.0f} s\n", flush=True)


if __name__ == "__main__":
    main()
