"""A batch at a glance: what its last run has read and set aside, and what of it is published."""

from __future__ import annotations

import time
from typing import Any

from pipeline.output import manifest as manifests
from pipeline.output.layout import Layout
from pipeline.run import batch as batches
from pipeline.run.steps import chain


def of(layout: Layout) -> dict[str, Any]:
    """The batch by its name, when it was last run, and its documents by place; `published` is None where it is not.

    Of each step the newest output counts; of files, manifests alone are read.
    """
    read = dropped = quarantined = 0
    for number, step in enumerate(chain.NAMES):
        outputs = sorted(layout.runs.glob(f"{number}-{step}-*"), key=lambda path: path.stat().st_mtime_ns)
        manifest = manifests.read(outputs[-1]) if outputs else None
        if manifest and "read" in manifest.get("counts", {}):
            read = read or manifest["counts"]["read"]
            dropped += manifest["counts"]["dropped"]
            quarantined += manifest["counts"]["quarantined"]
    published = manifests.read(layout.published)
    last = (layout.runs / batches.LAST).stat().st_mtime
    return {
        "batch": layout.batch,
        "last_run": time.strftime("%Y-%m-%d %H:%M", time.localtime(last)),
        "read": read,
        "dropped": dropped,
        "quarantined": quarantined,
        "published": published["counts"]["published"] if published else None,
        "refused": layout.refusal.exists(),
    }
