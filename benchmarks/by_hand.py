"""What a user would write without Copydesk: ftfy, langdetect, a list of phrases and datasketch, in one file.

It keeps no record of what it changed, and loses what breaks; it is here to be measured beside the pipeline.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

PHRASES = re.compile(
    r"^\s*(?:more from this section|related (?:articles|stories)|read more\b.*|share this.*|advertisement|"
    r"sign up for .*newsletter.*|follow us on .*|all rights reserved.*|click here .*|continue reading.*)\s*$",
    re.IGNORECASE,
)


def clean(documents: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The (id, text) pairs that remain: repaired, English, and no near copy of an earlier one."""
    import ftfy
    from datasketch import MinHash, MinHashLSH
    from langdetect import DetectorFactory, LangDetectException, detect

    DetectorFactory.seed = 0
    index = MinHashLSH(threshold=0.8, num_perm=128)
    for identity, text in documents:
        text = ftfy.fix_text(text)
        text = "\n".join(line for line in text.split("\n") if not PHRASES.match(line))
        try:
            if detect(text) != "en":
                continue
        except LangDetectException:
            continue
        words = text.lower().split()
        signature = MinHash(num_perm=128)
        signature.update_batch([" ".join(words[i : i + 5]).encode() for i in range(max(1, len(words) - 4))])
        if index.query(signature):
            continue
        index.insert(identity, signature)
        yield identity, text


def main() -> None:
    """Clean a file of JSON lines with `id` and `text` into a folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.mkdir(parents=True)
    with options.file.open(encoding="utf-8") as stream, (options.output / "clean.jsonl").open("w") as out:
        rows = map(json.loads, stream)
        for identity, text in clean((row["id"], row["text"]) for row in rows):
            out.write(json.dumps({"id": identity, "text": text}) + "\n")


if __name__ == "__main__":
    main()
