"""A batch made under other settings, to be compared: in a folder of its own, without publishing.

Steps whose keys are equal are not made again: what lies there is linked to. What earlier batches have left is linked to
as well, so both sides are judged against the same; nothing of it can be changed from here.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.config import Settings
from pipeline.engine import storage, whole
from pipeline.engine.protocol import Progress
from pipeline.errors import InputError
from pipeline.output.layout import Layout, published_names
from pipeline.run import books, keys, runs
from pipeline.run.plan import Plan
from pipeline.run.runs import Run
from pipeline.run.steps.reading import Reading
from pipeline.run.steps.step import Made
from pipeline.stages import tables

Watch = Callable[[str], Progress | None]  # the name of a step to who is told how far it is


@contextmanager
def workplace(output: Path) -> Iterator[Path]:
    """A folder in the output folder, removed in the end, however that comes; those of killed processes go first."""
    for left in output.glob(".compare.*.tmp"):
        if not whole.is_in_use(left):
            whole.remove(left)
    folder = output / f".compare.{os.getpid()}.tmp"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        whole.remove(folder)


def made_under(plan: Plan, settings: Settings, folder: Path, sample: int = 0, watch: Watch = lambda step: None) -> Run:
    """The batch of a plan, made in `folder` under these settings; of `sample` documents alone, if that is not 0.

    The documents are those that its last run has read, unless the settings tell to read otherwise.

    Raises:
        InputError: it was never read; or it has to be read again, and its input has gone.
    """
    last = runs.latest(plan)
    if not last:
        name = plan.batch.name
        raise InputError(f"batch {name}: nothing was read yet; run `copydesk run --batch {name}`")
    run = dataclasses.replace(plan.batch.settings.run, output=str(folder))
    mine = dataclasses.replace(settings, run=run)
    _link(plan.batch.layout, Layout(folder, plan.batch.name), last[:1] if sample else last)
    trial = _trial(plan, mine, last[0])
    try:
        if sample:
            trial.make(trial.steps[0], watch("reading"))
            read = trial.made(trial.steps[0])
            assert read is not None
            trial.close()
            trial = _trial(plan, mine, _sampled(read, sample, plan.batch.name), is_sample=True)
        for step in trial.steps:
            if step.has_books:
                trial.make(step, watch(step.name))
        return runs.latest(trial)
    finally:
        trial.close()


def _trial(plan: Plan, settings: Settings, read: Made, *, is_sample: bool = False) -> Plan:
    """The plan of the trial, which goes on from what was read where that would be read so again."""
    trial = Plan(settings)
    first, ours = trial.steps[0], plan.steps[0]
    assert isinstance(first, Reading)
    assert isinstance(ours, Reading)
    if is_sample or read.manifest["made_of"].get("settings") == _plain(settings):
        first.go_on_from(read.manifest)
    else:
        first.input = ours.input  # with the whole output folder left out
    return trial


def _plain(settings: Settings) -> object:
    """Settings of `[read]` as a manifest has them."""
    return keys.as_kept(settings.read.made_of())


def _link(layout: Layout, to: Layout, run: Run) -> None:
    """Let the outputs of a run, and what earlier batches have published and left, lie below another folder as well."""
    for made in run:
        whole.link_tree(made.output, to.runs / made.output.name)
    for name in published_names(layout.output):
        if name < layout.batch:
            whole.link_tree(layout.corpus / "batches" / name, to.corpus / "batches" / name)
            for memory in layout.history.glob(f"*/{name}/"):
                whole.link_tree(memory, to.history / memory.parent.name / name)
    if (layout.corpus / "data").is_dir():
        whole.link_tree(layout.corpus / "data", to.corpus / "data")


def _sampled(read: Made, most: int, batch: str) -> Made:
    """The output of reading with `most` of its documents: those whose ids have the least hashes, drawn evenly so."""
    made_of = {**read.manifest["made_of"], "sample": most}
    key = keys.key_of(made_of)
    output = read.output.with_name(f"0-{Reading.name}-{key}")
    if (output / whole.MANIFEST).exists():
        return Made(read.step, output, {**read.manifest, "made_of": made_of})
    ids = storage.select_rows(read.kept, "true", [], "id", "md5(id), id", most)["id"]
    with whole.whole_folder(output) as work:
        for place in (*tables.PLACES, tables.FOUND):
            dataset = f"{read.output}/{place}"
            rows = _of(dataset, ids) if place == tables.KEPT else iter(())
            storage.write_rows(work / place, rows, storage.schema_of(dataset), "part-00000")
        told = books.close(read.step, work, len(ids))
        files = whole.inventory(work)
        manifest = {**read.manifest, **told, "key": key, "made_of": made_of, "files": files}
        whole.write_json(work / whole.MANIFEST, {**manifest, "digests": storage.digests(files), "batch": batch})
    return Made(read.step, output, {**read.manifest, "made_of": made_of})


def _of(dataset: str, ids: pa.ChunkedArray) -> Iterator[pa.RecordBatch]:
    wanted = ids.combine_chunks()
    for rows in storage.read_rows(dataset):
        yield rows.filter(pc.is_in(rows["id"], wanted))
