"""`python -m benchmarks.growth`: CPU seconds a megabyte that each stage takes for text made to be slow.

The texts are pieces repeated on end: what is known to have been slow, and the text of every case of every rule, so that
a new rule is measured as soon as it has its two cases. Each is tried at two sizes: what grows by more than its length
shows as a higher figure at the larger one. To hold: 5 s a megabyte, the same at both sizes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from benchmarks import data, plot
from pipeline.engine import storage
from pipeline.engine.inprocess import InProcessEngine
from pipeline.stages import tables
from pipeline.stages.order import STAGES
from pipeline.stages.rows import run_stage
from pipeline.stages.stage import FactFunction, Ground, Stage
from tests import cases

IMAGES = Path(__file__).parents[1] / "docs" / "images"
MOST = 5.0  # CPU seconds a megabyte
PIECES = {
    "lost apostrophes": "don?t ",
    "bare returns": "a\r",
    "line separators": "a\u2028",
    "escaped apostrophes": "\\' ",
    "broken quotes": "quot; ",
    "broken quotes, no blanks": "quot;",
    "broken apostrophes": "#39;",
    "spaced references": "a & # 39; s ",
    "escaped letters": "\\u00e9",
    "mojibake": "Ã©",
    "ampersands": "&",
    "line breaks": "\n",
    "blanks": " ",
    "tabs and breaks": "\t\n",
    "one letter": "a",
    "short words": "a b ",
    "short lines": "ab\n",
    "quotes": '" ',
    "single quotes": "' ",
    "brackets": "(",
    "tags": "<b>",
    "less-than signs": "<",
    "comments": "<!--",
    "addresses": "http://a.b/",
    "addresses on end": "http://",
    "at signs": "a@",
    "stops": ". ",
    "dots": ".",
    "digits": "1",
    "dates": "3 March 2024\n",
    "hyphens": "-",
    "replacement characters": "\ufffd",
    "combining marks": "e\u0301",
    "emoji": "\U0001f600",
    "Chinese": "市政府周三宣布。",
    "Arabic": "أعلنت الحكومة. ",
    "capitals": "THE COUNCIL ",
    "read more": "Read more: ",
    "sentences": "The council met on Monday. ",
    "paragraphs": "The council met on Monday and closed the bridge.\n\n",
}


class Figure(NamedTuple):
    """CPU seconds a megabyte of one stage on one piece, at a smaller and a larger size."""

    stage: str
    piece: str
    small: float
    large: float


def pieces(named_only: bool = False) -> Iterator[tuple[str, str]]:
    """What to repeat, with its name."""
    yield from PIECES.items()
    for case in [] if named_only else cases.load():
        yield f"{case['rule']}: {case['title']}", case["before"][:500] + " "


def text_of(piece: str, size: int) -> str:
    """The piece on end, `size` bytes in all."""
    return (piece * (size // len(piece.encode()) + 1)).encode()[:size].decode("utf-8", "ignore")


def seconds(stage: Stage, text: str, folder: Path) -> float:
    """CPU time of a stage over one document, its survey included."""
    row = {"id": "a", "text": text, "site": "example.org", "file": "a.txt", "line": 0, "meta": "{}", "repairs": 0}
    rows = tables.from_dicts([row], tables.DOCUMENTS)
    for earlier in STAGES[: STAGES.index(stage)]:
        for field in earlier.columns:
            rows = tables.with_column(rows, field, [None])
    storage.write_rows(folder / "documents", [rows], rows.schema)
    started = time.process_time()
    with closing(InProcessEngine()) as engine:
        facts: FactFunction = stage.facts
        if stage.survey:
            ground = Ground(str(folder / "documents"), "b", {}, str(folder))
            facts = stage.survey.facts(stage, engine, ground)
        for outputs in run_stage(rows, stage=stage, facts=facts):
            assert sum(outputs[place].num_rows for place in tables.PLACES) == 1
    return time.process_time() - started


def figure(stage: Stage, name: str, piece: str, small: int, large: int) -> Figure:
    """Measured at both sizes, in bytes; what is quick at the smaller one is not tried at the larger."""
    rates: dict[int, float] = {}
    for size in (small, large):
        with tempfile.TemporaryDirectory(prefix="copydesk-") as folder:
            rates[size] = seconds(stage, text_of(piece, size), Path(folder)) / size * 1e6
        if rates[size] < MOST / 5:
            return Figure(stage.name, name, rates[size], rates[size])
    return Figure(stage.name, name, rates[small], rates[large])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description="hostile text, stage by stage")
    parser.add_argument("--named", action="store_true", help="the named pieces alone, without the cases of the rules")
    parser.add_argument("--sizes", type=int, nargs=2, default=(100_000, 400_000), help="in bytes (100000 400000)")
    parser.add_argument("--worst", type=int, default=3, help="pieces shown for each stage (default: 3)")
    parser.add_argument("--image", action="store_true", help="draw docs/images/document-size.svg alone")
    options = parser.parse_args()
    if options.image:
        draw()
        return 0
    small, large = options.sizes
    figures: dict[str, list[Figure]] = {stage.name: [] for stage in STAGES}
    for name, piece in pieces(options.named):
        for stage in STAGES:
            figures[stage.name].append(figure(stage, name, piece, small, large))
    print(f"CPU s a megabyte at {small:,} and {large:,} bytes, the {options.worst} slowest pieces of a stage")
    for line in table(figures, options.worst):
        print(line)
    wrong = [found for of_stage in figures.values() for found in of_stage if found.large > MOST]
    print(f"{sum(map(len, figures.values())):,} measured, {len(wrong)} above {MOST:g} s a megabyte")
    return 1 if wrong else 0


SIZES = (1_000, 10_000, 100_000, 1_000_000)  # bytes
SHOWN = ("bare returns", "broken apostrophes", "escaped apostrophes", "dates", "sentences")


def draw() -> None:
    """A picture of all stages together by the size of the document: articles on end, and what is slow."""
    stories = "\n\n".join(data.article_texts()[::47])
    series: dict[str, list[tuple[float, float]]] = {}
    for stage in STAGES:  # what is loaded once is loaded
        with tempfile.TemporaryDirectory(prefix="copydesk-") as folder:
            seconds(stage, text_of(stories, SIZES[0]), Path(folder))
    for name, piece in {"articles": stories, **{name: PIECES[name] for name in SHOWN}}.items():
        series[name] = []
        for size in SIZES:
            spent = 0.0
            for stage in STAGES:
                with tempfile.TemporaryDirectory(prefix="copydesk-") as folder:
                    spent += seconds(stage, text_of(piece, size), Path(folder))
            series[name].append((size / 1_000, spent))
            print(f"{name:<20} {size:>9,} bytes {spent:8.3f} s", flush=True)
    up = plot.Axis("CPU seconds, all stages", [0.01, 0.1, 1, 10, 100])
    picture = plot.lines("CPU time of one document", plot.Axis("kB", [size / 1_000 for size in SIZES]), up, series)
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "document-size.svg").write_text(picture, encoding="utf-8")


def table(figures: Mapping[str, list[Figure]], worst: int) -> Iterator[str]:
    """The slowest pieces of each stage, as lines of a Markdown table."""
    yield "| stage | piece | small | large |"
    yield "|---|---|---|---|"
    for found in figures.values():
        for stage, piece, small, large in sorted(found, key=lambda f: -f.large)[:worst]:
            yield f"| {stage} | {piece} | {small:.2f} | {large:.2f} |"


if __name__ == "__main__":
    sys.exit(main())
