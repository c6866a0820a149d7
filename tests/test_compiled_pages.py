"""What is found on pages in C is what Python and NumPy find there: on hostile markup, on real pages, at all sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import compiled
from pipeline.sources.page import blocks, bounds, boxes, cues, letters, words
from pipeline.sources.page.article import parse

needs_letters = pytest.mark.skipif(compiled.load("pipeline.sources.page._letters") is None, reason="no compiler here")
LETTERS = 'aB zé İΣς_٣²1,.!?…"”(){}|©:：。，、かー\u3099漢字\ud800\U00010400\U0001d7d8😀\u2028\x85'
BLOCKS = st.lists(
    (st.text(min_size=1, max_size=30) | st.text(alphabet=LETTERS.replace("\ud800", ""), min_size=1, max_size=200)).map(
        lambda text: text.replace("\n", " ").encode("utf-8", "replace").decode()
    ),
    min_size=1,
    max_size=8,
)


@needs_letters
@given(BLOCKS)
def test_counts_of_letters_are_those_of_numpy(texts: list[str]) -> None:
    joined, sizes = "".join(f"{text}\n" for text in texts), np.array([len(text) for text in texts])
    for name, one, other in zip(
        letters.Counts._fields, letters.in_c(joined, sizes), letters.in_numpy(joined, sizes), strict=True
    ):
        assert one.tolist() == other.tolist(), name


SAID = st.text(alphabet=f"{LETTERS}\n", max_size=60)


@needs_letters
@given(BLOCKS, SAID, SAID, SAID, st.integers(0, 3))
def test_what_words_are_is_what_sets_say(texts: list[str], title: str, description: str, body: str, own: int) -> None:
    lowered = "".join(f"{text}\n" for text in texts).lower()
    said = (title.lower(), description.lower(), f"{body}\n{texts[0] * own}".lower())
    one, other = words.in_c(lowered, len(texts), *said), words.in_python(lowered, len(texts), *said)
    assert one[1] == other[1]
    for name, mine, theirs in zip(words.Words._fields, one[0], other[0], strict=True):
        assert mine.tolist() == theirs.tolist(), name


@needs_letters
@pytest.mark.parametrize("word", [*cues.WORDS, *cues.BEGINNINGS, "photographer", "emails", "apps", "subscr", "dog"])
def test_words_are_the_same_cues(word: str) -> None:
    text = f"{'a ' * (words.FIRST_WORDS - 1)}{word}\n{'a ' * words.FIRST_WORDS}{word}\n"
    for look in (words.in_c, words.in_python):
        assert look(text, 2, "", "", "")[0].cues.tolist() == [cues.cues_of(word), 0]


NAME = st.lists(
    st.sampled_from([word for words in cues._OF_TOPICS.values() for word in words.split("|")])
    | st.text(alphabet="aeilnrst-_ \n\u0130\U0001f600", max_size=3)
).map("".join)


@needs_letters
@given(st.lists(NAME | st.text(alphabet=st.characters(exclude_characters="\0"))))
def test_topics_of_names_are_those_of_their_words(names: list[str]) -> None:
    assert cues.topics_in_c(names) == cues.topics_in_python(names)


@needs_letters
@given(st.lists(st.lists(st.sampled_from([*cues.PHRASES, "(", "s", "ig", "©", "Σ", "x "])).map("".join), min_size=1))
def test_phrases_are_found_in_the_same_blocks(texts: list[str]) -> None:
    joined = "".join(f"{text}\n" for text in texts)
    in_c, in_python = letters.phrases_in_c(joined, len(texts)), letters.phrases_in_python(joined, len(texts))
    assert in_c.tolist() == in_python.tolist()


needs_blocks = pytest.mark.skipif(compiled.load("pipeline.sources.page._blocks") is None, reason="no compiler here")
XHTML = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'
TAGS = (
    "p",
    "div",
    "a",
    "b",
    "br",
    "td",
    "th",
    "tr",
    "table",
    "li",
    "my-box",
    "script",
    "svg",
    "img",
    "o:p",
    "textarea",
)
NAMED = (
    *(
        "class=Top",
        'id="a &amp; &quot;b&#10;c"',
        "hidden",
        "style='x:y; display :\tNone'",
        "style=display:none",
        "name=n",
    ),
    *("CLASS=ÇİΣ", "class=''", '"=<', "==d", "class='ⅷ <p>'", "role=" + "navigation" * 40, "data-type", "title=t"),
)
PIECES = st.one_of(
    st.builds("<{} {}>".format, st.sampled_from(TAGS), st.lists(st.sampled_from(NAMED), max_size=3).map(" ".join)),
    st.builds("</{}>".format, st.sampled_from(TAGS)),
    st.sampled_from(
        (" ", "\n\t", "\xa0", "\u3000x", "one", "&lt;p&gt;", "&#13;", "é漢😀", "\x1f", "\ufffd", "]]>", "<!-- <b> -->")
    ),
    st.sampled_from(
        ("<?php a > b ?>", "<![CDATA[<p>]]>", "<p<q>", "<a/b=c>", "</>", "\x00", "<body id=again>", "<head>")
    ),
    st.text(max_size=5),
)


def same_blocks(markup: str) -> None:
    root = parse(markup)
    for place in () if root is None else (root, *root):
        assert blocks.in_c(place) == blocks.in_python(place)


@needs_blocks
@given(st.sampled_from(["", XHTML]), st.lists(PIECES, max_size=40).map("".join))
def test_blocks_of_any_markup_are_those_of_the_walk_over_its_tree(doctype: str, markup: str) -> None:
    same_blocks(f"{doctype}{markup}")


@needs_blocks
@pytest.mark.parametrize("most", [0, 1, 3, 9])
def test_as_many_blocks_are_read(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCKS", most)
    same_blocks("".join(f"<div>{number}<a>two<br>three</a></div>" for number in range(5)))


@needs_blocks
def test_blocks_are_those_of_the_tree_as_deep_as_it_goes() -> None:
    same_blocks("<div><a><b>" * 600 + "one" + "</b></a>" * 300 + "two" + "<p>three")


needs_boxes = pytest.mark.skipif(compiled.load("pipeline.sources.page._boxes") is None, reason="no compiler here")


@needs_boxes
@given(st.integers(1, 60), st.integers(0, 1 << 32))
def test_what_boxes_hand_to_each_other_is_the_same(count: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    parent = np.array([-1, *(int(chance.integers(box)) for box in range(1, count))])
    own = chance.normal(size=(3, count)) * (chance.random(count) < 0.5)
    bits = chance.integers(0, 1 << 20, count)
    pairs = [
        (boxes.handed_up(parent, own), boxes.handed_up_in_python(parent, own)),
        (boxes.larger(parent, own[0]), boxes.larger_in_python(parent, own[0])),
        (boxes.scores(parent, own[0]), boxes.scores_in_python(parent, own[0])),
        *(
            (boxes.handed_down(parent, bits, least), boxes.handed_down_in_python(parent, bits, least))
            for least in (0, 1)
        ),
    ]
    assert [one.tobytes() for one, _ in pairs] == [other.tobytes() for _, other in pairs]


needs_bounds = pytest.mark.skipif(compiled.load("pipeline.sources.page._bounds") is None, reason="no compiler here")
SIGNS = st.sampled_from(
    [
        *"<>/='\"-!? \n\xa0abK\u212a\ud800",
        "<a",
        "<b ",
        "</",
        "<!--",
        "--",
        "-->",
        "<script>",
        "</script>",
        "</SCRIPT",
        "x=",
        "<title ",
    ]
)


@needs_bounds
@given(st.lists(SIGNS, max_size=60).map("".join), st.integers(0, 8), st.integers(0, 4))
def test_bounds_of_any_markup_are_those_of_the_pattern(markup: str, elements: int, attributes: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "MAX_ATTRIBUTES", attributes)
        content = markup.encode("utf-8", "surrogatepass")
        assert bounds.attributes_in_c(content, elements) == bounds.attributes_in_python(content, elements)
