"""What published batches left for later ones: `history/<memory>/<batch>/<key>/`.

The key is that of the publication. It is written before the corpus is, and counts from the moment the corpus with that
key stands: both become current in one step. What no published batch names is a leftover. What is missing or damaged is
made again from the corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.engine import storage, whole
from pipeline.output import manifest as manifests
from pipeline.output.layout import Layout, published_names
from pipeline.output.manifest import Manifest

Write = Callable[[Path], None]  # fills a folder
FILES = "files"  # the memory of the files that a batch was published from: their names and digests


class History:
    """The history of all batches, as one of them sees it: it is judged against those before it by name."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def published(self) -> dict[str, Manifest]:
        """The batches published before this one, by name, with their manifests."""
        return published(self.layout, before=self.layout.batch)

    def digests(self, memory: str) -> dict[str, str]:
        """What they have left, by name of batch: a batch is made again when one of them has changed."""
        return left_by(self.published(), memory)

    def place(self, memory: str, batch: str, key: str) -> Path:
        """Where a publication leaves what later batches need."""
        return self.layout.history / memory / batch / key

    def sound(self, folder: Path) -> bool:
        """Whether all that was left there still is."""
        manifest = whole.read_json(folder / whole.MANIFEST)
        return manifest is not None and not storage.damage(folder, manifest["files"], content=True)

    def remember(self, memory: str, batch: str, key: str, write: Write) -> str:
        """Let `write` fill a folder for later batches; returns the digest of what it left."""
        target = self.place(memory, batch, key)
        with whole.whole_folder(target) as folder:
            write(folder)
            files = whole.inventory(folder)
            digest = storage.digest_of(str(folder))
            whole.write_json(folder / whole.MANIFEST, {"digest": digest, "files": files})
        return digest

    def tidy(self) -> None:
        """Remove what this batch has left and no publication of it names: earlier keys, and what killed runs left."""
        manifest = manifests.read(self.layout.published)
        for memory in self.layout.history.glob("*/"):
            for folder in (memory / self.layout.batch).glob("*/"):
                if manifest is None or folder.name != manifest["key"]:
                    whole.remove(folder)


def published(layout: Layout, before: str = "") -> dict[str, Manifest]:
    """All published batches, or those with names before another, by name, with their manifests."""
    names = [name for name in published_names(layout.output) if not before or name < before]
    found = {name: manifests.read(Layout(layout.output, name).published) for name in names}
    return {name: manifest for name, manifest in found.items() if manifest}


def left_by(batches: Mapping[str, Manifest], memory: str) -> dict[str, str]:
    """Digests of what these batches have left for later ones."""
    memories: Mapping[str, Mapping[str, str]] = {name: m.get("memory", {}) for name, m in batches.items()}
    return {name: left.get(memory, "none") for name, left in memories.items()}
