"""Duplicates: copies found and other documents merged, on real pairs, planted copies and damage made here."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator

import pyarrow as pa

from benchmarks import data
from benchmarks.quality import Measure, _pace
from pipeline.facts.duplicates import Policy, find, signatures

SEED = 7
SHOWN = 200  # of the least similar merges, for reading


def measure() -> list[Measure]:
    return [*_pairs(), *_planted(), *_articles(), *_damaged(), _speed()]


def _pairs() -> Iterator[Measure]:
    """Each pair alone; then all of them at once, where false merges have more chances."""
    rows = data.load("duplicates_pairs")
    alone = [bool(list(find([("a", row["a"]), ("b", row["b"])]))) for row in rows]
    same = [row["same"] for row in rows]
    yield Measure("pairs: recall", _share(alone, same), ">= 0.995", f"{sum(same)} pairs")
    yield Measure("pairs: false merges", sum(a and not s for a, s in zip(alone, same, strict=True)), "0")
    documents = [(f"{number}{side}", row[side]) for number, row in enumerate(rows) for side in "ab"]
    merged = _groups(documents)
    together = [merged.get(f"{n}a", f"{n}a") == merged.get(f"{n}b", f"{n}b") for n in range(len(rows))]
    yield Measure("pairs, all at once: recall", _share(together, same), ">= 0.995")
    yield Measure(
        "pairs, all at once: false merges", sum(a and not s for a, s in zip(together, same, strict=True)), "0"
    )


def _planted() -> Iterator[Measure]:
    rows = data.load("duplicates_set")
    merged = _groups([(row["id"], row["text"]) for row in rows])
    cluster = {row["id"]: row["cluster"] for row in rows}
    planted = len(rows) - len(set(cluster.values()))
    right = sum(cluster[copy] == cluster[kept] for copy, kept in merged.items())
    yield Measure("planted: recall", right / planted, "1", f"{planted} copies among {len(rows)}")
    yield Measure("planted: false merges", len(merged) - right, "0")


def _articles() -> Iterator[Measure]:
    """Prints the least similar merges of real news, to be read: none should be another report of the same story."""
    texts = data.article_texts()
    found = sorted(find((str(number), text) for number, text in enumerate(texts)), key=lambda d: (d.similarity, d.id))
    print(f"\n{len(found)} merges among {len(texts)} articles; the {SHOWN} least similar:")
    for copy in found[:SHOWN]:
        print(f"  {copy.similarity:.2f} {copy.kind:<9} {copy.id:>5} of {copy.of:>5} ({copy.why})")
        for name in (copy.id, copy.of):
            print(f"       {_opening(texts[int(name)])}")
    yield Measure("articles: merges", len(found), "", "read the list above")
    new_words = [_own_numbers(texts[int(copy.id)], texts[int(copy.of)]) for copy in found[:SHOWN]]
    yield Measure(
        "articles: merges with other numbers in a shared sentence", sum(new_words), "0", f"of {len(new_words)}"
    )


def _opening(text: str) -> str:
    return re.sub(r"\s+", " ", text)[:150]


_NUMBER = re.compile(r"\d+")


def _own_numbers(copy: str, kept: str) -> bool:
    """Whether a sentence of the copy stands in the kept one with nothing but the numbers changed."""

    def sentences(text: str) -> dict[str, set[tuple[str, ...]]]:
        by_shape: dict[str, set[tuple[str, ...]]] = {}
        for sentence in re.split(r"[.!?\n]+", text.lower()):
            shape = re.sub(r"\W+", " ", _NUMBER.sub("#", sentence))
            if len(shape.split()) >= 8 and "#" in shape:
                by_shape.setdefault(shape, set()).add(tuple(_NUMBER.findall(sentence)))
        return by_shape

    mine, theirs = sentences(copy), sentences(kept)
    return any(shape in theirs and not numbers & theirs[shape] for shape, numbers in mine.items())


Damage = Callable[[str, random.Random, str], str]


def _truncated(text: str, chance: random.Random, _other: str) -> str:
    words = text.split(" ")
    return " ".join(words[: round(len(words) * chance.uniform(0.3, 0.7))])


def _teaser(text: str, chance: random.Random, _other: str) -> str:
    return " ".join(text.split()[: chance.randint(40, 80)]) + " ..."


def _embedded(text: str, chance: random.Random, other: str) -> str:
    paragraphs = other.split("\n")
    where = chance.randrange(len(paragraphs) + 1)
    return "\n".join([*paragraphs[:where], text, *paragraphs[where:]])


def _shuffled(text: str, chance: random.Random, _other: str) -> str:
    paragraphs = [p for p in re.split(r"\n+|(?<=[.!?]) (?=[A-Z])", text) if p.strip()]
    pieces = ["\n".join(paragraphs[i : i + 3]) for i in range(0, len(paragraphs), 3)]
    chance.shuffle(pieces)
    return "\n".join(pieces)


def _mojibake(text: str, _chance: random.Random, _other: str) -> str:
    quoted = re.sub(r'"([^"\n]*)"', "“\\1”", text).replace("'", "’").replace(" - ", " — ")
    return quoted.encode("utf-8").decode("cp1252", errors="replace")


_FURNITURE = (
    "Share this story on Facebook and Twitter, or send it to a friend by email.",
    "Sign up for our morning newsletter and get the day's most important stories in your inbox.",
    "Advertisement - story continues below.",
    "By clicking accept you agree to our use of cookies and to the terms of our privacy policy.",
    "Related: ten things you did not know about the people in this story.",
    "Comments on this article are closed. Please read our house rules before writing to us.",
)


def _furnished(text: str, chance: random.Random, _other: str) -> str:
    paragraphs = text.split("\n")
    for line in chance.sample(_FURNITURE, 4):
        paragraphs.insert(chance.randrange(len(paragraphs) + 1), line)
    return "\n".join(paragraphs)


DAMAGES: dict[str, Damage] = {
    "truncated": _truncated,
    "teaser": _teaser,
    "embedded": _embedded,
    "shuffled": _shuffled,
    "mojibake": _mojibake,
    "furnished": _furnished,
}


def _damaged() -> Iterator[Measure]:
    """Copies made of real articles, hidden among all others; a merge of any other two documents is false."""
    chance = random.Random(SEED)
    texts = list(dict.fromkeys(text for text in data.article_texts() if len(text.split()) >= 120))
    already = {copy.id for copy in find((str(number), text) for number, text in enumerate(texts))}
    texts = [text for number, text in enumerate(texts) if str(number) not in already]
    chance.shuffle(texts)
    hosts, stories, rest = texts[:600], texts[600:1200], texts[1200:2700]
    false = 0
    for name, damage in DAMAGES.items():
        made = [(f"made{n}", damage(t, chance, hosts[n])) for n, t in enumerate(stories)]
        others = [(f"story{n}", t) for n, t in enumerate(stories)] + [(f"x{n}", t) for n, t in enumerate(rest)]
        text_of = dict(made + others)
        merged = _groups(made + others)
        right = {copy for copy, kept in merged.items() if _number(copy) == _number(kept)}
        # what a wire story's opening was made of may stand in another paper's longer version of it, too
        right |= {copy for copy, kept in merged.items() if _stands_in(text_of[copy], text_of[kept])}
        found = sum(f"made{n}" in right or merged.get(f"story{n}") == f"made{n}" for n in range(len(stories)))
        false += len(merged) - len(right)
        yield Measure(f"made here, {name}: recall", found / len(stories), ">= 0.98")
    yield Measure("made here: false merges", false, "0", f"{len(DAMAGES)} x {len(stories) * 2 + len(rest)} documents")


def _number(name: str) -> str:
    return name.removeprefix("made").removeprefix("story")


def _stands_in(copy: str, kept: str) -> bool:
    """Whether nine in ten runs of five words of `copy` are in `kept`."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+", text.lower())
        return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}

    mine = runs(copy)
    return bool(mine) and len(mine & runs(kept)) >= 0.9 * len(mine)


def _speed() -> Measure:
    texts = [text[:1500] for text in data.article_texts() if len(text) >= 1500]
    batch = pa.RecordBatch.from_pydict({"id": [str(n) for n in range(len(texts))], "text": texts})
    signatures(batch, Policy())
    start = time.process_time()
    signatures(batch, Policy())
    spent = time.process_time() - start
    note = f"{spent / len(texts) * 1000:.3f} ms a document of 1.5 kB; to be 0.12"
    return Measure("signature: speed, times ftfy.fix_text", _pace.times_ftfy(spent, texts), "", note)


def _groups(documents: list[tuple[str, str]]) -> dict[str, str]:
    """Copy to the document that is kept of it."""
    return {copy.id: copy.of for copy in find(documents)}


def _share(found: list[bool], wanted: list[bool]) -> float:
    return sum(f and w for f, w in zip(found, wanted, strict=True)) / sum(wanted)
