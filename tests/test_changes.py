"""A corpus that can be followed: what changed with each release, and from any of them to the present one."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine import storage, whole
from pipeline.engine.local import LocalEngine
from pipeline.errors import InputError, NotKeptError
from pipeline.output import changes, following, release
from tests.press import Documents, Press, Rows, applied

# --- the property ------------------------------------------------------------------------------------------------


class Event(NamedTuple):
    """A batch is published with these documents, after others were withdrawn by hand."""

    batch: str
    documents: Documents
    settings: str
    withdrawn: frozenset[str]


NAMES = ("a", "b", "c")
EVENTS = st.builds(
    Event,
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from("uvwxyzé😀"), st.sampled_from(["one", "two", "\x00", "a\u2028\n"]), max_size=5),
    st.sampled_from(["", "other"]),
    st.frozensets(st.sampled_from(NAMES), max_size=1),
)


@given(history=st.lists(EVENTS, min_size=2, max_size=5))
@settings(max_examples=15, deadline=None)
def test_the_changes_since_any_release_make_the_present_one_of_it(history: list[Event], engine: LocalEngine) -> None:
    with tempfile.TemporaryDirectory() as folder:
        press = Press(Path(folder), engine)
        copies: dict[int, Rows] = {0: {}}
        for event in history:
            for name in event.withdrawn:
                press.withdraw(name)
            number = press.publish(event.batch, event.documents, settings=event.settings)
            assert copies.setdefault(number, press.rows()).keys() == press.rows().keys()
        assert list(copies) == list(range(number + 1))
        for earlier, copy in copies.items():
            found = press.since(earlier)
            assert applied(copy, found) == copies[number]
            assert len(list(found)) == len(found) == sum(sum(kinds.values()) for kinds in found.counts.values())
        assert release.damage(press.corpus)[0] == []


# --- what changes ------------------------------------------------------------------------------------------------


def test_a_release_says_of_each_article_what_became_of_it_and_why(press: Press) -> None:
    press.publish("b1", {"u": "one", "v": "one", "w": "one", "x": "one"})
    aside = {"w": "duplicates/exact_copy: of b0/w", "new": "language/unwanted: de"}
    assert press.publish("b1", {"u": "one", "v": "two", "y": "one"}, aside=aside) == 2
    assert press.told() == [
        ("changed", "b1", "v", ""),
        ("withdrawn", "b1", "w", "drop: duplicates/exact_copy: of b0/w"),
        ("withdrawn", "b1", "x", "not in the input any more"),
        ("added", "b1", "y", ""),
    ]
    [file] = changes.files_in(press.corpus)[1:]
    assert storage.schema_of(str(file)) == changes.ROWS
    told = {row["id"]: row for row in storage.read_table(str(file)).to_pylist()}
    digests = {text: hashlib.sha256(text.encode()).hexdigest()[:16] for text in ("one", "two")}
    assert {(row["digest_before"], row["digest_after"]) for row in told.values()} == {
        *((digests["one"], digests["two"]), (digests["one"], None), (None, digests["one"]))
    }
    assert press.manifest()["changes"][f"changes/{file.name}"] == {
        "release": 2,
        "rows": 4,
        "bytes": file.stat().st_size,
        "sha256": whole.file_digest(file),
    }


def test_any_column_is_a_change_and_it_is_said_where_the_text_is_the_same(press: Press) -> None:
    press.publish("b1", {"u": "one", "v": "one"})
    press.publish("b1", {"v": "one", "u": "new"})  # the lines where they were read are others
    found = press.since(1)
    assert [(c.kind, c.id, c.text_changed) for c in found] == [("changed", "u", True), ("changed", "v", False)]
    assert repr(found).endswith("release 1 to 2, 0 added, 2 changed, 0 withdrawn, 0 superseded>")


def test_the_same_rows_are_no_change(press: Press) -> None:
    assert press.publish("b1", {"u": "one"}) == 1
    assert press.publish("b1", {"u": "one"}) == 1
    assert press.publish("b1", {"u": "one"}, settings="others") == 2
    assert press.told() == []


def test_a_batch_whose_manifest_was_lost_is_mended_without_a_new_release(press: Press) -> None:
    press.publish("b1", {"u": "one"})
    before = press.manifest()
    press.withdraw("b1")
    assert press.publish("b1", {"u": "one"}) == 1
    assert press.manifest() == before


def test_a_batch_that_was_withdrawn_by_hand_is_told_with_the_next_release(press: Press) -> None:
    press.publish("b1", {"u": "one"})
    press.publish("b2", {"u": "two"})
    press.withdraw("b1")
    assert press.publish("b2", {"u": "two"}) == 3
    assert press.told() == [("withdrawn", "b1", "u", "batch withdrawn by hand")]
    assert sorted(path.name.partition(".")[0] for path in (press.corpus / "listings").iterdir()) == ["b2"]


def test_a_better_copy_is_listed_once_and_withdraws_nothing(press: Press) -> None:
    press.publish("b1", {"u": "one"})
    better = [("u", "b1", "new", "near", "intact")]
    press.publish("b2", {"v": "two"}, superseded=better)
    [superseded, added] = press.since(1)
    reason = "near copy, 0.88 alike; better: intact"
    assert superseded == following.Change("superseded", "b1", "u", None, reason, ("b2", "new"), False)
    assert (added.kind, added.id) == ("added", "v")
    press.publish("b2", {"v": "three"}, superseded=better)
    assert press.told() == [("changed", "b2", "v", "")]
    assert [kind for kind, *_ in press.told(1)] == ["superseded", "added"]
    press.withdraw("b1")
    press.publish("b2", {"v": "three"}, superseded=better)
    assert press.told(1) == [("withdrawn", "b1", "u", "batch withdrawn by hand"), ("added", "b2", "v", "")]


def test_a_better_copy_that_has_gone_is_none_any_more(press: Press) -> None:
    press.publish("b1", {"u": "one"})
    press.publish("b2", {"v": "two"}, superseded=[("u", "b1", "v", "near", "intact")])
    assert [kind for kind, *_ in press.told(1)] == ["superseded", "added"]
    press.publish("b2", {"w": "two"})
    assert press.told(1) == [("added", "b2", "w", "")]
    press.publish("b2", {"v": "two"}, superseded=[("u", "b1", "v", "near", "intact")])
    press.publish("b3", {"x": "three"})
    press.withdraw("b2")
    press.publish("b3", {"x": "four"})
    assert press.told(1) == [("added", "b3", "x", "")]


def test_over_several_releases_only_what_came_of_it_counts(press: Press) -> None:
    press.publish("b1", {"u": "one"})
    press.publish("b2", {"gone": "one"})
    press.publish("b1", {})
    assert press.told(2) == [("withdrawn", "b1", "u", "not in the input any more")]
    press.withdraw("b2")
    press.publish("b1", {"u": "one"})
    assert press.told(1) == []
    press.publish("b1", {"u": "two"})
    assert press.told(1) == [("changed", "b1", "u", "")]
    assert press.told(0) == press.told(3)[:1] == [("added", "b1", "u", "")]


# --- how far it reaches ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (3, "there is no release 3; the newest is 2$"),
        (-1, "there is no release -1; the newest is 2$"),
        ("b1", "since is the number of a release, as 2; got 'b1'$"),
    ],
)
def test_a_release_that_there_is_not_is_refused(press: Press, since: Any, said: str) -> None:
    for text in ("one", "two"):
        press.publish("b1", {"u": text})
    with pytest.raises(InputError, match=said) as refused:
        press.since(since)
    assert not isinstance(refused.value, NotKeptError)


@pytest.mark.parametrize(("name", "most"), [("MOST_RELEASES", 2), ("MOST_CHANGES", 3)])
def test_of_old_releases_the_changes_go(press: Press, monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> None:
    monkeypatch.setattr(changes, name, most)
    for text in ("one", "two", "three", "four", "five"):
        press.publish("b1", {"u": text})
    reached = 5 - most
    assert press.manifest()["reaches"] == reached
    assert len(changes.files_in(press.corpus)) == most
    assert release.damage(press.corpus)[0] == []
    assert press.told(reached) == press.told(4) == [("changed", "b1", "u", "")]
    with pytest.raises(NotKeptError, match=rf"since release 1 is not kept any more, but since {reached}: begin anew"):
        press.since(1)
    assert press.told(0) == [("added", "b1", "u", "")]
    press.publish("b1", {f"u{n}": "one" for n in range(9)})
    assert len(press.since(5)) == 10


def test_a_corpus_of_before_is_followed_from_its_next_release_on(press: Press) -> None:
    """One that has neither listings nor changes: what was published is read."""
    for name in ("b1", "b2"):
        press.publish(name, {"u": "one", "v": "one"})
    for file in [press.corpus / release.MANIFEST, *press.corpus.glob("batches/*/manifest.json")]:
        told = whole.read_json(file)
        assert told is not None
        for name in ("listing", "changes", "reaches"):
            told.pop(name, None)
        for batch in told.get("batches", {}).values():
            batch.pop("listing")
        told["files"] = {n: f for n, f in told.get("files", {}).items() if not n.startswith("listings/")}
        whole.write_json(file, told)
    for name in ("listings", "changes"):
        shutil.rmtree(press.corpus / name)
    before = press.rows()
    assert applied({}, press.since(0)) == before
    assert press.told(2) == []
    press.publish("b1", {"u": "one", "v": "two"})
    assert press.told(2) == [("changed", "b1", "v", "")]
    assert applied(before, press.since(2)) == press.rows()
    with pytest.raises(NotKeptError, match="since release 1 is not kept any more, but since 2"):
        press.since(1)


def test_where_nobody_knows_what_was_published_followers_begin_anew(press: Press) -> None:
    for text in ("one", "two"):
        press.publish("b1", {"u": text})
    shutil.rmtree(press.corpus / "listings")
    shutil.rmtree(press.corpus / "data")
    assert press.publish("b1", {"u": "three"}) == 3
    assert press.manifest()["reaches"] == 3
    with pytest.raises(NotKeptError):
        press.since(2)
    assert applied({}, press.since(0)) == press.rows()


@pytest.mark.parametrize("harm", ["flipped", "deleted"])
def test_changes_that_are_damaged_are_named_refused_and_left_out_of_the_next_release(press: Press, harm: str) -> None:
    for text in ("one", "two", "three"):
        press.publish("b1", {"u": text})
    file = changes.files_in(press.corpus)[1]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.unlink()
    if harm == "flipped":
        file.write_bytes(content)
    said = "holds other bytes than were written" if harm == "flipped" else "is missing"
    assert release.damage(press.corpus)[0] == [f"changes/{file.name} {said}"]
    with pytest.raises(NotKeptError, match=f"{file.name} {said}: begin anew"):
        press.since(1)
    assert press.told(2) == [("changed", "b1", "u", "")]
    assert press.publish("b1", {"u": "three"}) == 3
    assert (press.manifest()["reaches"], release.damage(press.corpus)[0]) == (2, [])


def test_a_batch_published_again_while_its_changes_are_read_is_said(press: Press) -> None:
    press.publish("b1", {"u": "one"})
    found = press.since(0)
    press.publish("b1", {"u": "two"})
    assert [change.id for change in found.listed()] == ["u"]
    with pytest.raises(InputError, match="published again meanwhile; call read_corpus again"):
        list(found)


def test_a_listing_is_by_its_rows_alone(press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.output.publication.FILE_BYTES", 100)
    monkeypatch.setattr("pipeline.engine.local.IN_PROCESS_BYTES", 0)
    monkeypatch.setattr(storage, "ROW_GROUP", 7)
    documents = {f"{number:02d}": "one" * number for number in range(40)}
    press.publish("b1", documents)
    [one] = (press.corpus / "listings").iterdir()
    with closing(LocalEngine(2)) as engine:
        other = Press(press.output.parent / "other", engine)
        other.publish("b1", documents)
        assert [path.read_bytes() for path in (other.corpus / "listings").iterdir()] == [one.read_bytes()]
        assert len(list((other.corpus / "data").iterdir())) > 10
        other.publish("b1", {**documents, "05": "two", "39": "two"})
        assert [(c.kind, c.id, c.document and c.document.text) for c in other.since(1)] == [
            ("changed", "05", "two"),
            ("changed", "39", "two"),
        ]


def test_every_query_of_those_who_follow_is_one_that_spark_reads() -> None:
    for query in (following._ADDED_UP, following._ALL.format(release=1), following._COUNTS):
        assert sqlglot.parse_one(query, read="spark", error_level=sqlglot.ErrorLevel.RAISE)
