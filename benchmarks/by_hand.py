"""What a user would write without Copydesk: ftfy, langdetect, a list of phrases and datasketch, in one file.

It keeps no record of what it changed, and loses what breaks; it is here to be measured beside the pipeline.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterable
from pathlib import Path

PHRASES = re.compile(
    r"^\s*(?:more from this section|related (?:articles|stories)|read more\b.*|share this.*|advertisement|"
    r"sign up for .*newsletter.*|follow us on .*|all rights reserved.*|click here .*|continue reading.*)\s*$",
    re.IGNORECASE,
)


Pairs = Iterable[tuple[str, str]]  # id and text


def clean(documents: Pairs) -> Pairs:
    """The (id, text) pairs that remain: repaired, English, and no near copy of an earlier one."""
    for step in STEPS.values():
        documents = step(documents)
    return documents


def repaired(documents: Pairs) -> Pairs:
    import ftfy

    return ((identity, ftfy.fix_text(text)) for identity, text in documents)


def without_phrases(documents: Pairs) -> Pairs:
    for identity, text in documents:
        yield identity, "\n".join(line for line in text.split("\n") if not PHRASES.match(line))


def english(documents: Pairs) -> Pairs:
    from langdetect import DetectorFactory, LangDetectException, detect

    DetectorFactory.seed = 0
    for identity, text in documents:
        try:
            if detect(text) == "en":
                yield identity, text
        except LangDetectException:
            continue


def different(documents: Pairs) -> Pairs:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.8, num_perm=128)
    for identity, text in documents:
        words = text.lower().split()
        signature = MinHash(num_perm=128)
        signature.update_batch([" ".join(words[i : i + 5]).encode() for i in range(max(1, len(words) - 4))])
        if not index.query(signature):
            index.insert(identity, signature)
            yield identity, text


# By the names of our steps that do the like.
STEPS = {"encoding": repaired, "boilerplate": without_phrases, "language": english, "duplicates": different}


def seconds(documents: Pairs) -> tuple[dict[str, float], int]:
    """CPU seconds of each step, one after the other, and how many documents remain."""
    spent = {}
    for name, step in STEPS.items():
        started = time.process_time()
        documents = list(step(documents))
        spent[name] = time.process_time() - started
    return spent, sum(1 for _ in documents)


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
