"""Small corpora in the shapes that public ones have (`tests/corpora`): all that is in them comes out, at once."""

from __future__ import annotations

import gzip
import re
import shutil
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pipeline.config import Read
from pipeline.engine import storage
from pipeline.sources import find, read
from pipeline.sources.records import Failure, Record
from tests.runs import made, run

CORPORA = Path(__file__).parent / "corpora"
STORIES = ["1", "2", "3", "4", "5"]


class Corpus(NamedTuple):
    """The stories that a corpus holds, how many things are set aside, how many files left out; settings it takes."""

    stories: list[str] = STORIES
    aside: int = 0
    left_out: int = 0
    settings: dict[str, Any] = {}  # noqa: RUF012  # nobody writes to it


def copied(name: str) -> Callable[[Path], object]:
    source = CORPORA / name
    return lambda folder: (
        shutil.copytree(source, folder / name) if source.is_dir() else shutil.copy(source, folder / name)
    )


def gzipped(folder: Path) -> None:
    """The pages, each packed."""
    for page in sorted((CORPORA / "pages").rglob("*.html")):
        packed = folder / page.relative_to(CORPORA).with_suffix(".html.gz")
        packed.parent.mkdir(parents=True, exist_ok=True)
        packed.write_bytes(gzip.compress(page.read_bytes()))


def zipped(folder: Path) -> None:
    """The texts in a zip."""
    with zipfile.ZipFile(folder / "texts.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((CORPORA / "texts").rglob("*.txt")):
            archive.write(file, file.relative_to(CORPORA))


def tarred(folder: Path) -> None:
    """One object a file, in a packed tar."""
    with tarfile.open(folder / "objects.tar.gz", "w:gz") as archive:
        archive.add(CORPORA / "objects", "objects")


MADE: dict[str, tuple[Callable[[Path], object], Corpus]] = {
    "texts": (copied("texts"), Corpus(aside=1, left_out=1)),
    "bodies.csv": (copied("bodies.csv"), Corpus(settings={"text_field": "articleBody", "id_field": "Body ID"})),
    "excel.csv": (copied("excel.csv"), Corpus(settings={"text_field": "Text"})),
    "headlines.tsv": (copied("headlines.tsv"), Corpus()),
    "objects": (copied("objects"), Corpus()),
    "answer.json": (copied("answer.json"), Corpus(settings={"text_field": "content"})),
    "wire.sgm": (copied("wire.sgm"), Corpus()),
    "dump.xml": (copied("dump.xml"), Corpus()),
    "feed.rss": (copied("feed.rss"), Corpus()),
    "pages": (copied("pages"), Corpus()),
    "saved.mhtml": (copied("saved.mhtml"), Corpus(stories=["1"])),
    "packed pages": (gzipped, Corpus()),
    "texts.zip": (zipped, Corpus(aside=2)),
    "objects.tar.gz": (tarred, Corpus()),
}


@pytest.mark.parametrize("name", MADE)
def test_all_of_a_corpus_is_read(tmp_path: Path, name: str) -> None:
    make, corpus = MADE[name]
    make(tmp_path)
    found = find.find_files(str(tmp_path))
    entries: list[Record | Failure] = []
    for entry in found.files:
        file = Path(str(entry.path)).relative_to(tmp_path).as_posix()
        entries += read.read_file(entry.path, file, Read(**corpus.settings))
    records = [entry for entry in entries if isinstance(entry, Record)]
    told = [re.findall(r"\(Story (\d)\)", record.text) for record in records]
    assert sorted(told) == [[story] for story in corpus.stories]
    assert len({record.id for record in records}) == len(records)
    assert (len(entries) - len(records), len(found.left_out)) == (corpus.aside, corpus.left_out)
    first = next(record.text for record in records if "(Story 1)" in record.text)
    assert "“We cannot risk a single lorry on it,” said" in first


def test_all_of_them_beside_each_other_are_read_by_one_run(place: Path) -> None:
    plain = {name: corpus for name, corpus in MADE.items() if not corpus[1].settings}
    for name, (make, _) in plain.items():
        folder = place / "in" / name
        folder.mkdir(parents=True)
        make(folder)
    assert run("in", "--publish-anyway") == 0
    corpora = [corpus for _, corpus in plain.values()]
    output = made("reading", input="in").output
    kept = storage.read_table(f"{output}/kept")
    counts = Counter(file.partition("/")[0] for file in kept["file"].to_pylist())
    assert counts == {name: len(corpus.stories) for name, (_, corpus) in plain.items()}
    assert storage.count_rows(f"{output}/quarantined") == sum(corpus.aside for corpus in corpora) - 1
    [left_out] = storage.read_table(f"{output}/dropped").to_pylist()
    assert left_out["reason"] == "reading: 1 members of no known kind: 1 README.txt"
