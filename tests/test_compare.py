"""`copydesk compare`: what differs between two runs, and that comparing leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.console import cli
from pipeline.engine import storage
from pipeline.engine.inprocess import InProcessEngine
from pipeline.run import comparison
from pipeline.run.comparison import Comparison
from pipeline.run.runs import Run
from pipeline.run.steps.stage import StageStep
from pipeline.run.steps.step import Made
from pipeline.stages import tables
from tests.runs import ARTICLE, ROOT, articles, one_line, run, write_jsonl

GERMAN = (
    "Der Bahnhof wird bis zum Jahresende umgebaut, teilte die Stadt am Montag mit. Während der Arbeiten halten die "
    "Züge auf dem östlichen Gleis. Die Kosten liegen bei zwölf Millionen Euro, die zum größten Teil der Bund trägt."
)
ENGLISH = '[rules."language/unwanted_language"]\nwanted = ["en"]\n'


def compared(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert cli.main(["compare", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def told(found: dict[str, Any]) -> list[tuple[str, str, str, list[str]]]:
    """Each group with its documents."""
    return [(g["kind"], g["rule"], g["place"], sorted(e["id"] for e in g["examples"])) for g in found["groups"]]


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """All files and folders, with the times at which they were written."""
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.rglob("*")}


@pytest.fixture
def batch(place: Path) -> Path:
    """A batch `demo` of three plain documents, one to be mended, one in German, and one that cannot be read."""
    documents = articles(3)
    documents += [{"id": "mended", "text": f"{ARTICLE} & # 39;Quoted& # 39; it was."}, {"id": "german", "text": GERMAN}]
    write_jsonl(place / "in" / "a.jsonl", [*documents, {"id": "empty", "text": ""}])
    assert run("in", "--workers", 1, "--publish-anyway") == 0
    return place


OTHER_SETTINGS: dict[str, tuple[str, list[tuple[str, str, str, int]], set[str]]] = {
    "the same": ("", [], set()),
    "a language": (
        ENGLISH,
        [("falls", "language/unwanted_language", "dropped", 1)],
        {"language", "translation", "duplicates"},
    ),
    "a rule that mends": (
        '[rules."encoding/spaced_entity"]\nenabled = false\n',
        [("changes", "encoding/spaced_entity", "kept", 1)],
        {"encoding", "boilerplate", "language", "translation", "duplicates"},
    ),
    "a rule that remarks": (
        '[rules."translation/weak_score"]\nenabled = false\n',
        [("remarked", "translation/weak_score", "kept", 4)],
        {"translation"},
    ),
    "a rule that sets aside": (
        '[rules."translation/weak_score"]\nmin_score = 1.0\nverdict = "quarantine"\n',
        [("falls", "translation/weak_score", "quarantined", 4)],
        {"translation", "duplicates"},
    ),
}


@pytest.mark.parametrize("name", OTHER_SETTINGS)
def test_what_other_settings_would_make_of_a_batch(
    batch: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    toml, groups, steps = OTHER_SETTINGS[name]
    Path("other.toml").write_text(Path("configs/copydesk.toml").read_text() + toml)
    before, made, write = files(Path("output")), [], StageStep.write

    def noting(self: StageStep, *rest: Any) -> Any:
        made.append(self.name)
        return write(self, *rest)

    monkeypatch.setattr(StageStep, "write", noting)
    found = compared(capsys, "demo", "--settings", "other.toml")
    assert [(*group[:3], n["documents"]) for group, n in zip(told(found), found["groups"], strict=True)] == groups
    assert set(made) == steps
    assert len(made) == len(steps)
    assert found["documents"]["same"] == 6 - sum(n for kind, n in found["documents"].items() if kind != "same")
    assert files(Path("output")) == before


def test_a_sample_is_drawn_evenly_and_made_twice(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    documents = [
        {**article, "text": f"{article['text']}{' & # 39;Oh& # 39; yes.' * (n % 2)}"}
        for n, article in enumerate(articles(60))
    ]
    write_jsonl(place / "in" / "a.jsonl", documents)
    assert run("in", "--workers", 1, "--publish-anyway", "--until", "language") == 0
    before = files(Path("output"))
    Path("other.toml").write_text(
        Path("configs/copydesk.toml").read_text() + '[rules."encoding/spaced_entity"]\nenabled = false\n'
    )
    found, again = (compared(capsys, "demo", "--settings", "other.toml", "--sample", "20") for _ in range(2))
    assert found == again
    assert [side["counts"]["read"] for side in found["runs"]] == [20, 20]
    assert found["documents"]["changes"] + found["documents"]["same"] == 20
    assert 3 <= found["documents"]["changes"] <= 17
    assert files(Path("output")) == before


def test_what_is_read_otherwise_is_read_again_but_not_what_lies_in_the_output(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(place / "a.jsonl", [{"id": "x", "text": ARTICLE, "body": f"{ARTICLE} More."}])
    assert run(".", "--publish-anyway", "--workers", 1, "--output", "output") == 0
    write_jsonl(place / "output" / "b.jsonl", articles(1))
    Path("other.toml").write_text(Path("configs/copydesk.toml").read_text() + '[read]\ntext_field = "body"\n')
    found = compared(capsys, "demo", "--settings", "other.toml")
    assert ("changes", "", "kept", ["x"]) in told(found)
    assert "'a0'" not in str(found)  # keys of steps may hold these letters
    assert cli.main(["compare", "demo", "--settings", "other.toml"]) == 0
    assert "        1  the text as it was read\n" in capsys.readouterr().out


def test_runs_are_named_by_their_batch_and_the_one_before_by_a_tilde(
    batch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jsonl(batch / "more" / "a.jsonl", [*articles(2), {"id": "new", "text": GERMAN}])
    assert run("more", "--batch", "more", "--output", "elsewhere", "--workers", 1, "--publish-anyway") == 0
    found = compared(capsys, "demo", "elsewhere/more")
    assert found["documents"] == {**dict.fromkeys(comparison.KINDS, 0), "new": 1, "gone": 4, "same": 2}
    assert ("gone", "reading: no text", "quarantined", ["a.jsonl:6"]) in told(found)
    assert cli.main(["compare", "demo~", "demo"]) == 2
    assert one_line(capsys) == ("copydesk: batch demo: nothing is left of a run before the last one; demo is that")
    Path("configs/copydesk.toml").write_text(Path("configs/copydesk.toml").read_text() + ENGLISH)
    assert run("in", "--workers", 1, "--publish-anyway") == 0
    assert told(compared(capsys, "demo~", "demo")) == [("falls", "language/unwanted_language", "dropped", ["german"])]
    assert told(compared(capsys, "demo", "demo~")) == [("returns", "language/unwanted_language", "dropped", ["german"])]
    assert cli.main(["compare", "demo~", "demo"]) == 0
    assert capsys.readouterr().out.splitlines()[:7] == [
        "             demo~  demo",
        "read             6     6",
        "kept             5     4",
        "dropped          0     1",
        "quarantined      1     1",
        "1 fall: the first run keeps them, the second sets them aside",
        "        1  language/unwanted_language, dropped",
    ]
    assert cli.main(["compare", "demo", "demo"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "no document differs"


WRONG = (
    (["demo"], "compare: 1 RUN given; name two runs, or one batch with --settings FILE"),
    (["demo", "demo", "--settings", "x.toml"], "compare: 2 RUN given; name one batch with --settings FILE"),
    (["demo", "demo", "--sample", "2"], "compare: --sample takes a number of documents, and --settings FILE or"),
    (["demo", "dema"], "no batch 'dema' in output; did you mean 'demo'?"),
    (["demo", "nowhere/demo"], "no batch in nowhere yet; `copydesk run` makes one"),
    (["demo", "output/"], 'compare: "output/" names no batch; RUN is a batch, as its last run has left it'),
    (["demo", "half"], "batch half: not made yet from boilerplate on; `copydesk run --batch half`"),
    (["demo", "--settings", "none.toml"], "none.toml: no such file"),
)


def test_what_is_wrong_is_said_in_a_line(batch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("in", "--batch", "half", "--until", "encoding", "--workers", 1) == 0
    capsys.readouterr()
    for arguments, said in WRONG:
        assert cli.main(["compare", *arguments]) == 2, arguments
        assert one_line(capsys).startswith(f"copydesk: {said}"), arguments
    assert list(Path("output").glob(".*")) == []


def test_ctrl_c_leaves_nothing(batch: Path) -> None:
    """A real signal, in a real process, while a step is being made."""
    before = files(Path("output"))
    Path("other.toml").write_text(Path("configs/copydesk.toml").read_text() + ENGLISH)
    code = (
        "import os, signal, sys\n"
        "from pipeline.console import cli\n"
        "from pipeline.run.steps.stage import StageStep\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "StageStep.write = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.exit(cli.main(['compare', 'demo', '--settings', 'other.toml']))\n"
    )
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=known)
    assert (done.returncode, done.stderr) == (130, "copydesk: stopped; nothing is left of it\n")
    assert files(Path("output")) == before


def test_what_is_hostile_is_shown_inert(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b]0;owned\x07\u202egnp.exe\x9b31m"
    for name in ("one", "two"):
        documents = [{"id": f"{name}{hostile}{'i' * 3_000}", "text": f"{hostile} {ARTICLE} {name} {hostile}"}]
        write_jsonl(place / name / "a.jsonl", [*documents, {"id": "x" * 900_000, "text": name}])
        assert run(name, "--batch", name, "--publish-anyway", "--workers", 1) == 0
    capsys.readouterr()
    assert cli.main(["compare", "one", "two"]) == 0
    said = capsys.readouterr().out
    assert said.count(";owned") == 4
    assert len(said) < 5_000
    assert said.replace("\n", "").isprintable()


# --- against a comparison in Python ------------------------------------------------------------------------------

ENDS = st.sampled_from(
    [("kept", ""), ("dropped", "a/x: 1"), ("dropped", "a/x: 2"), ("dropped", "a/y: 1"), ("quarantined", "a: Error: 3")]
)
FOUND = st.lists(
    st.tuples(st.sampled_from(["a/p", "a/q"]), st.sampled_from("bc"), st.sampled_from([None, "d"])), max_size=2
)
DOCUMENT = st.tuples(ENDS, st.sampled_from(["read", "other"]), st.sampled_from(["text", "else"]), FOUND)
RUN = st.dictionaries(st.sampled_from("stuvwxyz"), DOCUMENT, max_size=6)
ASIDE = tables.aside_schema(tables.DOCUMENTS)


def written(folder: Path, documents: dict[str, Any]) -> Run:
    """What a run of one stage `a` would have left of these documents."""
    made = []
    for step in ("reading", "a"):
        output = folder / step
        for place in tables.PLACES:
            mine = [
                (i, d)
                for i, d in documents.items()
                if (place if step == "a" else "kept") == (d[0][0] if step == "a" else place)
            ]
            rows = [
                {"id": i, "text": d[2] if step == "a" else d[1], "reason": d[0][1], "file": "f", "line": 1}
                for i, d in mine
            ]
            schema = tables.DOCUMENTS if place == tables.KEPT else ASIDE
            storage.write_rows(output / place, [tables.from_dicts(rows, schema)], schema)
        found = [
            tables.FindingRow(i, n, rule, n, n + 1, before, after, "", "", "", "")
            for i, d in documents.items()
            for n, (rule, before, after) in enumerate(d[3] if step == "a" else ())
        ]
        storage.write_rows(output / tables.FOUND, [tables.findings_table(found)], tables.FINDINGS)
        digests = {tables.FOUND: storage.digest_of(f"{output}/{tables.FOUND}")}
        made.append(Made(step, output, {"digests": digests}))
    return tuple(made)


def kind(one: Any, other: Any) -> str:
    if one is None or other is None:
        return "new" if one is None else "gone"
    if "kept" in (one[0][0], other[0][0]) and one[0][0] != other[0][0]:
        return "falls" if one[0][0] == "kept" else "returns"
    if one[0][0] != "kept":
        return "same" if (one[0][0], one[0][1][:3]) == (other[0][0], other[0][1][:3]) else "moves"
    if one[2] != other[2]:
        return "changes"
    return "same" if Counter(one[3]) == Counter(other[3]) else "remarked"


def result(one: Run, other: Run) -> Comparison:
    with tempfile.TemporaryDirectory() as work, closing(InProcessEngine()) as engine:
        return comparison.compare(engine, one, other, Path(work))


@settings(max_examples=60, deadline=None)
@given(one=RUN, other=RUN)
def test_two_runs_are_compared_as_in_python_and_the_other_way_round_mirrors_it(one: Any, other: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        a, b = written(Path(folder, "a"), one), written(Path(folder, "b"), other)
        there, back, still = result(a, b), result(b, a), result(a, a)
    expected = Counter(kind(one.get(i), other.get(i)) for i in {*one, *other})
    assert {name: n for name, n in there.documents.items() if n} == dict(expected)
    mirror = {"falls": "returns", "returns": "falls", "new": "gone", "gone": "new"}
    assert {mirror.get(name, name): n for name, n in back.documents.items()} == there.documents
    assert back.counts == there.counts[::-1]
    assert _groups(there, {}) == _groups(back, mirror)
    assert (still.groups, still.documents["same"]) == ([], len(one))


def _groups(found: Comparison, mirror: dict[str, str]) -> Counter[Any]:
    """Groups with what does not depend on which run is the first."""
    return Counter(
        (
            mirror.get(g.kind, g.kind),
            frozenset({f"{g.rule}, {g.place}", g.was}) if g.was else (g.rule, g.place),
            g.documents,
            tuple(example["id"] for example in g.examples),
        )
        for g in found.groups
    )
