"""`copydesk verify`: whether all that runs have left is still as it was written, byte for byte."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.text import Text

from pipeline.config import Run
from pipeline.console import show
from pipeline.engine import storage, stores, whole
from pipeline.output import layout, release
from pipeline.output import remote as remotes
from pipeline.output.report import page
from pipeline.run import turns

SOUND, DAMAGED = 0, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    show.add_options(parser)


def run(options: argparse.Namespace) -> int:
    """Look at every file below the output folder; name those that are damaged."""
    table = show.settings_of(options).run
    damaged, files = damage_there(table) if stores.is_url(table.output) else damage(table.folder)
    if options.json:
        show.as_json({"files": files, "damaged": damaged})
    else:
        terminal = show.console()
        for line in damaged:
            terminal.print(Text(show.printable(line)))
        terminal.print(Text(f"{files:,} files of {show.printable(table.output)}, {len(damaged):,} of them damaged"))
    return DAMAGED if damaged else SOUND


def damage_there(table: Run) -> tuple[list[str], int]:
    """The same of outputs in a store, and of the outputs of steps in the folder to work in.

    Raises:
        SettingsError, StoreError: the store cannot be read.
    """
    remote = remotes.of(table)
    if remote is None:
        raise AssertionError(table.output)
    with turns.alone(table.folder):
        there, objects = remote.damage()
        here, files = damage(table.folder, is_copy=True)
    return there + here, objects + files


def damage(output: Path, *, is_copy: bool = False) -> tuple[list[str], int]:
    """What is wrong with the outputs of all batches, the corpus and the history; and how many files were looked at.

    `is_copy`: the corpus there is a copy of one that lies in a store.

    Raises:
        CopydeskError: the corpus is one as an earlier version has published it.
    """
    release.refuse_older(output)
    corpus = output / layout.CORPUS
    damaged, files = ([], 0) if is_copy else release.damage(corpus)
    found = [f"{corpus}/{said}" for said in damaged]
    single = layout.single_files(output)
    files += len(single)
    for folder in layout.outputs(output):
        manifest = whole.read_json(folder / whole.MANIFEST)
        inventory = manifest.get("files") if manifest else None
        if not isinstance(inventory, dict):
            found.append(f"{folder / whole.MANIFEST} is missing, or not as it was written")
            continue
        files += len(inventory) + 1
        found += [f"{folder}/{said}" for said in storage.damage(folder, inventory, content=True)]
    for file in single:
        if (page.key_of(file) if file.suffix == ".html" else whole.read_json(file)) is None:
            found.append(f"{file} is not as it was written")
    return found, files
