"""Whether the golden texts are compared, or written anew."""

import subprocess

import pytest


@pytest.fixture(scope="session")
def write_golden() -> bool:
    """True under `GOLDEN=write`; asked of a shell, since only the settings may read the environment."""
    asked = subprocess.run(["sh", "-c", 'printf %s "$GOLDEN"'], capture_output=True, text=True, check=True)
    return asked.stdout == "write"
