"""What starting costs is what is imported: a command loads what it needs, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOADED = """
import sys
from pipeline.console import cli
try:
    cli.main(sys.argv[1:])
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that are loaded by the end of a command."""
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_is_asked_before_any_command_loads_no_command(option: str) -> None:
    found = loaded(option)
    mine = {name for name in found if name.partition(".")[0] == "pipeline"}
    assert mine == {"pipeline", "pipeline.console", "pipeline.console.cli", "pipeline.errors"}
    assert {"numpy", "pyarrow", "rich"} & found == set()
