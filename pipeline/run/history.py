"""What published batches left for later ones: `history/<memory>/<batch>/`, one folder a memory of a stage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.engine import storage, whole


class History:
    """The history of all batches, as the batch `name` sees it: it is judged against those before it by name."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name

    def earlier(self, memory: str) -> dict[str, Path]:
        """The folders that earlier batches have left, by name of batch."""
        folders = sorted((self.folder / memory).glob("*"))
        return {f.name: f for f in folders if f.name < self.name and whole.read_json(f / whole.MANIFEST)}

    def digests(self, memory: str) -> dict[str, str | None]:
        """What these folders hold, by name of batch: a batch is made again when one of them has changed."""
        manifests = {name: whole.read_json(folder / whole.MANIFEST) for name, folder in self.earlier(memory).items()}
        return {name: (found or {}).get("digest") for name, found in manifests.items()}

    def remember(self, memory: str, write: Callable[[Path], None]) -> None:
        """Let `write` fill the folder of this batch, in place of what an earlier run put there."""
        target = self.folder / memory / self.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole.whole_folder(target) as folder:
            write(folder)
            whole.write_json(folder / whole.MANIFEST, {"digest": storage.digest_of(str(folder))})
