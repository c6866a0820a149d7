"""Publishing made-up batches without running their steps, and following what is published."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

import pipeline
from pipeline.engine import storage, whole
from pipeline.engine.local import LocalEngine
from pipeline.output import changes, following, publication, release
from pipeline.output.layout import Layout
from pipeline.output.manifest import Counts, Manifest
from pipeline.stages import tables

Rows = dict[tuple[str, str], dict[str, Any]]  # of a corpus, by batch and id
Documents = Mapping[str, str]  # ids to texts
SIDE = ("id", "batch", "better", "kind", "why")  # of the side table `superseded`, without the similarity


class Press:
    """Publishes made-up batches below a folder, as the last step of a run does."""

    def __init__(self, folder: Path, engine: LocalEngine) -> None:
        self.output, self.engine = folder / "output", engine
        self.corpus = self.output / "corpus"
        self.made = folder / "made"

    def publish(
        self,
        batch: str,
        documents: Documents,
        *,
        settings: str = "",
        aside: Mapping[str, str] = {},
        superseded: Sequence[Sequence[str]] = (),
    ) -> int:
        """Publish; `aside` are ids and reasons of its last step. Returns the number of the release."""
        made = Path(tempfile.mkdtemp(dir=self._folder()))
        told = enumerate(documents.items())
        rows = [{"id": i, "text": t, "title": t[:1], "file": "a.jsonl", "line": n} for n, (i, t) in told]
        storage.write_rows(made / "kept", [tables.from_dicts(rows, tables.DOCUMENTS)], tables.DOCUMENTS)
        reasons = [{"id": i, "verdict": "drop", "reason": reason} for i, reason in aside.items()]
        schema = tables.aside_schema(tables.DOCUMENTS)
        storage.write_rows(made / "dropped", [tables.from_dicts(reasons, schema)], schema)
        storage.write_rows(made / "quarantined", [], schema)
        better = [{**dict(zip(SIDE, row, strict=True)), "similarity": 0.875} for row in superseded]
        storage.write_rows(made / "superseded", [tables.from_dicts(better, _SUPERSEDED)], _SUPERSEDED)
        key = hashlib.sha256(json.dumps([rows, settings, better]).encode()).hexdigest()[:12]
        layout = Layout(self.output, batch)
        with release.built(layout) as work:
            counts = Counts(read=len(rows), kept=len(rows), dropped=len(aside), quarantined=0)
            found = publication.write(self.engine, work, str(made / "kept"), None, batch, key, {"last": counts})
            found["listing"] = changes.write_listing(
                self.engine, work, found["parts"], str(made / "superseded"), batch, key
            )
            files = whole.inventory(work)
            manifest: Manifest = {
                **found,
                "step": "publishing",
                "batch": batch,
                "key": key,
                "made_of": {},
                "files": files,
                "digests": storage.digests(files),
                "started": "2026-11-24T00:00:00Z",
                "made_by": {},
                "libraries": {},
                "models": {},
            }
            release.complete(self.engine, work, layout, manifest, [made])
        shutil.rmtree(made)
        return self.release

    def withdraw(self, batch: str) -> None:
        """As it is done by hand: the next release is without it."""
        shutil.rmtree(self.corpus / "batches" / batch, ignore_errors=True)

    @property
    def release(self) -> int:
        return pipeline.read_corpus(self.corpus).release

    def rows(self) -> Rows:
        """All that is published, in all columns."""
        return by_place(pipeline.read_corpus(self.corpus).dataset.to_table().to_pylist())

    def since(self, number: int) -> following.Changes:
        return pipeline.read_corpus(self.corpus, since=number)

    def told(self, number: int = -1) -> list[tuple[Any, ...]]:
        """What changed with the newest release, or since another: kind, batch, id, reason."""
        found = self.since(self.release - 1 if number < 0 else number)
        return [(change.kind, change.batch, change.id, change.reason) for change in found]

    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.corpus / release.MANIFEST).read_text())
        return found

    def _folder(self) -> Path:
        self.made.mkdir(parents=True, exist_ok=True)
        return self.made


_SUPERSEDED = pa.schema([(name, pa.string()) for name in SIDE] + [("similarity", pa.float64())])


def by_place(rows: Sequence[dict[str, Any]]) -> Rows:
    found = {(row["batch"], row["id"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def applied(copy: Rows, found: following.Changes) -> Rows:
    """A copy of an earlier release with the changes since."""
    rows = dict(copy)
    for change in found:
        place = (change.batch, change.id)
        if change.kind == "added":
            assert place not in rows
        elif change.kind == "withdrawn":
            del rows[place]
        else:
            assert place in rows
        if change.document:
            assert change.kind in ("added", "changed")
            assert change.document.id == change.id
            assert change.text_changed == (change.document.text != copy.get(place, {}).get("text"))
    articles = by_place([row for some in found.articles() for row in some.to_pylist()])
    for place, row in articles.items():
        assert rows.get(place) != row, "nothing has changed"
    return {**rows, **articles}
