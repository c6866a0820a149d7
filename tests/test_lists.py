"""Lists that lie beside articles are none; whatever may be an article is kept, however short its lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import Read
from pipeline.sources import read
from pipeline.sources.lists import why_list
from pipeline.sources.records import Failure, Record

COMMON = "about above after again against because before being below between cannot could during each few from further"
OTHERS = "having herself himself itself nor off once only other ought ourselves over should"
WORDS = f"{COMMON} {OTHERS}".split()

LISTS = {
    "stop words": "\n".join(WORDS),
    "stop words with their comment": "# English\n" + "\n".join(WORDS) + "\n",
    "stop words of two words": "\n".join([*WORDS, "no one", "as if", "don't", "o'clock", "well-nigh"]),
    "cyrillic words": "\n".join(f"слово{n}" for n in range(30)),
    "windows line breaks": "\r\n".join(WORDS),
    "addresses": "\n".join(f"https://news.example/{n}" for n in range(30)),
    "libraries": "numpy==1.26.4\nlxml>=5\npyarrow[extra]>=18,<20; python_version > '3.9'\n",
    "libraries, commented": "# what it takes\nnumpy==1.0\n\n# and\nlxml >= 5.1\n",
}
TEXTS = {
    "a headline": "Bridge closed",
    "a headline of one word": "Flood",
    "short news": "Rain\nSnow\nWind",
    "a poem": "\n\n".join("\n".join(WORDS[n : n + 4]) for n in range(0, 28, 4)),
    "a poem with commas": ",\n".join(WORDS),
    "a poem that repeats": "\n".join(word for word in WORDS[:14] for _ in range(3)),
    "a poem of three words": "\n".join(f"{word} the sea" for word in WORDS),
    "a poem of ten words": "\n".join(WORDS[:10]),
    "a dialogue": "\n".join(f"{word}?\nYes." for word in WORDS),
    "names and figures": "\n".join(f"{word} {n} of 9" for n, word in enumerate(WORDS)),
    "chinese lines": "\n".join(f"桥梁关闭{chr(0x4E00 + n)}" for n in range(40)),
    "thai lines": "\n".join(f"สะพานปิด{chr(0xE01 + n)}" for n in range(40)),
    "korean lines": "\n".join(f"다리{chr(0xAC00 + n)}" for n in range(40)),
    "japanese lines": "\n".join(f"はし{chr(0x3041 + n)}" for n in range(40)),
    "a word a line with its marks": "\n".join(["The", *WORDS, ",", "said", "he", "."]),
    "a formula": "x == 1\nand so it went on.",
    "scores": "Harbour 2\nTown 1",
    "one library": "numpy==1.0",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_no_article(name: str) -> None:
    assert why_list(LISTS[name])[:22] == "no article: a list of "


@pytest.mark.parametrize("name", TEXTS)
def test_what_may_be_an_article_is_kept(name: str) -> None:
    assert why_list(TEXTS[name]) == ""


def test_a_list_is_set_aside_with_how_it_begins(tmp_path: Path) -> None:
    (tmp_path / "stop.txt").write_text(LISTS["stop words"])
    [failure] = read.read_file(tmp_path / "stop.txt", "stop.txt", Read())
    assert isinstance(failure, Failure)
    assert failure.reason == f'no article: a list of {len(WORDS)} short lines, as in "about", "above"'
    (tmp_path / "poem.txt").write_text(TEXTS["a poem"])
    [record] = read.read_file(tmp_path / "poem.txt", "poem.txt", Read())
    assert isinstance(record, Record)
    assert record.text == TEXTS["a poem"]
