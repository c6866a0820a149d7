"""How often each line stands on its site: counted over the documents of a batch and of all earlier batches.

What an article says stands in one document; what a site adds to its pages stands in many. Lines are told by their
shape: case and words count, digits do not ("12 comments" is "9 comments" again). A batch is counted together with what
the batches before it have left in the history, each as one small Parquet file.
"""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import xxhash

from pipeline.engine import storage
from pipeline.engine.protocol import Dataset, Engine
from pipeline.records import LineUse

MAX_LINE = 600  # characters; what a site adds is shorter
MIN_DOCUMENTS = 2  # a line of one document says nothing of its site

COUNTED = "counts"  # the dataset that the count of a batch leaves

_DIGITS = re.compile(r"\d+")

# One row for each different line of a document; `line` is the hash of its shape.
USES = pa.schema([("site", pa.string()), ("line", pa.int64()), ("shape", pa.string())])
SITES = pa.schema([("site", pa.string())])
COUNTS = pa.schema([("site", pa.string()), ("line", pa.int64()), ("shape", pa.string()), ("documents", pa.int64())])


def shape(line: str) -> str:
    """What two uses of a line have in common.

    >>> shape("  12 comments ")
    '0 comments'
    """
    return " ".join(_DIGITS.sub("0", line).split())


def shapes(text: str) -> list[str]:
    """The shapes of a text's lines, each once, in order; the long ones left out."""
    found = (line.removesuffix("\r") for line in text.split("\n"))
    return [made for made in dict.fromkeys(shape(line) for line in found if line and len(line) <= MAX_LINE) if made]


def uses(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Documents to a row for each of their lines."""
    sites, numbers, made = [], [], []
    for site, text in zip(rows.column("site").to_pylist(), rows.column("text").to_pylist(), strict=True):
        if site:
            of_text = shapes(text)
            sites += [site] * len(of_text)
            made += of_text
            numbers += [number_of(line) for line in of_text]
    return pa.RecordBatch.from_arrays(
        [pa.array(sites, pa.string()), pa.array(numbers, pa.int64()), pa.array(made, pa.string())], schema=USES
    )


def number_of(made: str) -> int:
    """The signed 64-bit hash of a shape."""
    number = xxhash.xxh3_64_intdigest(made.encode())
    return number - (1 << 64) if number >> 63 else number


def sites(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Documents to a row for each that has a site."""
    return pa.RecordBatch.from_arrays([rows.column("site").filter(_has_site(rows))], schema=SITES)


def _has_site(rows: pa.RecordBatch) -> pa.Array:
    return pa.array([bool(site) for site in rows.column("site").to_pylist()], pa.bool_())


# A batch's own counts, and those of all sites and batches. `""` stands for the number of documents of a site. The shape
# is a key and no `min(shape)`: DuckDB spills keys that are strings, but no other strings, and they are most of it.
_COUNT = """
SELECT site, line, shape, count(*) AS documents FROM uses GROUP BY site, line, shape
UNION ALL
SELECT site, 0 AS line, '' AS shape, count(*) AS documents FROM sites GROUP BY site
"""
_SORTED = "SELECT * FROM counts ORDER BY site, line, shape"  # a query of its own: both at once want twice the memory
_TOGETHER = """
SELECT site, line, shape, sum(documents) AS documents FROM counts GROUP BY site, line, shape
"""
_SEEN = f"""
SELECT here.site, here.line, here.shape, here.documents, whole.documents AS of, everywhere.documents AS everywhere
FROM here
JOIN (SELECT site, documents FROM here WHERE shape = '') AS whole ON here.site = whole.site
JOIN (SELECT line, sum(documents) AS documents FROM here WHERE shape <> '' GROUP BY line) AS everywhere
  ON here.line = everywhere.line
WHERE here.shape <> '' AND here.documents >= {MIN_DOCUMENTS}
"""
_MATTERING = """
SELECT site, shape, CAST(documents AS BIGINT) AS documents, CAST(of AS BIGINT) AS of,
       CAST(everywhere - documents AS BIGINT) AS elsewhere
FROM seen
ORDER BY site, shape
"""


def count_own(engine: Engine, documents: Dataset, work: str) -> str:
    """The counts of one batch: a folder of Parquet with the columns of `COUNTS`."""
    own_uses = engine.map_rows(uses, documents, f"{work}/uses")
    of_site = engine.map_rows(sites, documents, f"{work}/sites")
    counts = engine.sql(_COUNT, f"{work}/unsorted", uses=own_uses, sites=of_site)
    return engine.sql(_SORTED, f"{work}/{COUNTED}", counts=counts)


def count(engine: Engine, documents: Dataset, history: Sequence[str], work: str) -> str:
    """How often lines stand on their sites: a folder of Parquet with site, shape, documents, of, elsewhere.

    `history` holds what `remember` left of earlier batches; it must not hold the batch itself. Only lines of two
    documents or more are listed.
    """
    own = count_own(engine, documents, work)
    together = engine.sql(_TOGETHER, f"{work}/together", counts=[own, *history]) if history else own
    seen = engine.sql(_SEEN, f"{work}/seen", here=together)
    return engine.sql(_MATTERING, f"{work}/lines", seen=seen)


def remember(engine: Engine, output: Path | None, published: str, batch: str, folder: Path) -> None:
    """What later batches count on from: this batch's own counts, which lie in the output of its stage.

    Where that is gone they are counted again over what was published: the lines that were cut are missing then.
    """
    if output is not None:
        storage.copy(output / COUNTED, folder)
        return
    with tempfile.TemporaryDirectory(prefix="copydesk-") as work:
        storage.copy(Path(count_own(engine, published, work)), folder)


# --- from the table to the facts of a document --------------------------------------------------------------------

Uses = Mapping[str, Mapping[str, LineUse]]  # site to shape to use


class SiteLine(NamedTuple):
    """A row of the table that `count` leaves: the shape of a line of a site, and how often it stands there."""

    site: str
    shape: str
    documents: int
    of: int
    elsewhere: int

    @property
    def use(self) -> LineUse:
        """The numbers by themselves."""
        return LineUse(self.documents, self.of, self.elsewhere)


def site_lines(table: pa.Table) -> Iterator[SiteLine]:
    """The rows of the table that `count` leaves."""
    return itertools.starmap(SiteLine, zip(*(table[name].to_pylist() for name in SiteLine._fields), strict=True))


def by_site(table: pa.Table, decisions: Mapping[tuple[str, str], str] | None = None) -> Uses:
    """The table that `count` leaves, with the user's decisions, for looking up by site and shape.

    A decision of the site "*" holds for all sites; a line decided on need not be in the table.
    """
    found: dict[str, dict[str, LineUse]] = {}
    for counted in site_lines(table):
        found.setdefault(counted.site, {})[counted.shape] = counted.use
    for (site, line), decision in (decisions or {}).items():
        of_site = found.setdefault(site, {})
        of_site[line] = of_site.get(line, LineUse(0, 0))._replace(decision=decision)
    return found


def uses_of(text: str, site: str, uses: Uses) -> Mapping[str, LineUse]:
    """The `Facts.lines` of a document: the use of each of its lines that `uses` has, by its shape."""
    here, everywhere = uses.get(site, {}), uses.get("*", {})
    if not here and not everywhere:
        return {}
    found = {}
    for line in shapes(text):
        use = here.get(line)
        decided = everywhere.get(line)
        if decided is not None and (use is None or not use.decision):
            use = (use or LineUse(0, 0))._replace(decision=decided.decision)
        if use is not None:
            found[line] = use
    return found


Judge = Callable[[str, LineUse], bool]


def proposals(table: pa.Table, judge: Judge) -> list[SiteLine]:
    """The lines that `judge` would cut, the most frequent first."""
    found = (line for line in site_lines(table) if judge(line.shape, line.use))
    return sorted(found, key=lambda line: (-line.documents / line.of, line.site, line.shape))


def evidence(use: LineUse) -> str:
    """The numbers in words.

    >>> evidence(LineUse(41, 100, 0))
    "in 41 of this site's 100 documents (41 %), never elsewhere"
    """
    share = round(100 * use.documents / max(use.of, 1))
    other = f"in {use.elsewhere} elsewhere" if use.elsewhere else "never elsewhere"
    return f"in {use.documents} of this site's {use.of} documents ({share} %), {other}"
