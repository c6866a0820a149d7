"""The labelled data: read from `COPYDESK_DATA`, or `../shared/data` beside the project; never part of it."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("COPYDESK_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


class DataMissing(SystemExit):
    """The labelled data is not on this machine; the message says where it was looked for."""


def path(name: str) -> Path:
    """The file of the set `name`.

    Raises:
        DataMissing: it is not there.
    """
    file = ROOT / f"{name}.jsonl.gz"
    if not file.is_file():
        raise DataMissing(f"labelled data: {file} is not there; set COPYDESK_DATA to the folder that holds it")
    return file


def load(name: str) -> list[dict[str, Any]]:
    """All rows of the set `name`, in the order of the file."""
    with gzip.open(path(name), "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def digest(name: str) -> str:
    """The first 16 hex digits of the file's SHA-256: a floor holds for this data and no other."""
    return hashlib.sha256(path(name).read_bytes()).hexdigest()[:16]


def article_texts(rows: list[dict[str, Any]] | None = None) -> list[str]:
    """The texts of `articles`; those that come as bytes are Windows-1252, read as their publisher meant them."""
    import base64

    texts = []
    for row in load("articles") if rows is None else rows:
        text = row.get("text")
        if text is None:
            text = base64.b64decode(row["bytes_b64"]).decode("cp1252", errors="replace")
        texts.append(text)
    return texts
