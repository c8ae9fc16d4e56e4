"""Where `runbook-bot` and `python -m bot` begin."""

import gc
import sys

GARBAGE_THRESHOLDS = (20_000, 50, 100)
"""What is loaded at the start is no garbage: with Python's own thresholds a fourth of the start is spent looking."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    from bot.cli import run  # noqa: PLC0415 - loaded under these thresholds

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
