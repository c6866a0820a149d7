"""Whole batches, as people run them: by the command, by Luigi, against a scheduler; killed, changed, broken."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import pipeline
from pipeline import config
from pipeline.console import cli
from pipeline.engine import local, storage
from pipeline.run.plan import Plan
from pipeline.stages.order import STAGES

SEEDS = Path(__file__).parents[1] / "seeds"
ARTICLE = (
    "The minister said on Monday that the bridge over the river would be closed until the end of the year. "
    "Engineers found cracks in two of its pillars during an inspection in spring. Drivers will have to take the "
    "ferry, which runs every twenty minutes, or go round by the motorway. The mayor called the decision a blow to "
    "the shops in the old town, and asked the government for help."
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to work in. The articles made below are much alike, and are to stay."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    rules = ("duplicates/near_copy", "duplicates/contained_copy")
    (tmp_path / config.DEFAULT_FILE).write_text("".join(f'[rules."{rule}"]\nenabled = false\n' for rule in rules))
    return tmp_path


def run(*arguments):
    return cli.main(["run", *map(str, arguments)])


def plan(**values):
    return Plan(config.load(STAGES, **values))


def made(step, **values):
    """The current output of a step: `.output` is its folder, `.manifest` what it says of itself."""
    found = plan(**values)
    return found.made(found.step(step))


def write_jsonl(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def articles(count, start=0):
    return [{"id": f"a{i}", "text": f"Report {i}. {ARTICLE} It was number {i * 7919}."} for i in range(start, count)]


def tree(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(Path(folder).rglob("*.parquet")) if p.is_file()
    }


def quarantined(folder="output", name="demo"):
    found = []
    for output in sorted(Path(folder).glob(f"runs/{name}/*/quarantined")):
        found += storage.read_table(str(output)).to_pylist()
    return found


# --- a run -------------------------------------------------------------------------------------------------------


def test_the_seeds_come_out_clean(place, capsys):
    assert run(SEEDS) == 0
    texts = {d.id: d.text for d in pipeline.read_corpus("output/corpus")}
    golden = Path(__file__).parent / "golden"
    assert texts == {file.stem: file.read_bytes().decode() for file in golden.glob("*.txt")}
    assert texts["002_36873d84efbc44f9"] == (SEEDS / "002_36873d84efbc44f9.txt").read_bytes().decode()
    said = capsys.readouterr().out
    assert "output/corpus/batch=demo" in said
    assert "output/runs/demo/report.html" in said


def test_a_second_run_has_nothing_to_do_and_says_why(place, capsys):
    assert run(SEEDS) == 0
    before = tree("output")
    capsys.readouterr()
    assert run(SEEDS) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert run(SEEDS, "--json") == 0
    assert json.loads(capsys.readouterr().out)["nothing_to_do"] is True
    assert tree("output") == before


def test_luigi_itself_runs_the_batch(place):
    shutil.copytree(SEEDS, place / "seeds")
    luigi = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline.tasks", "CleanCorpus"]
    done = subprocess.run(
        [*luigi, "--CleanCorpus-batch", "demo", "--local-scheduler"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert len(pipeline.read_corpus("output/corpus")) == 3
    assert all(state.fresh for state in plan(input="seeds").states())


def test_luigi_tells_a_failure_by_its_exit_code(place):
    luigi = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline.tasks", "CleanCorpus"]
    settings = {**os.environ, "LUIGI_CONFIG_PATH": str(SEEDS.parent / "configs" / "luigi.cfg")}
    done = subprocess.run(
        [*luigi, "--input-folder", "nowhere", "--local-scheduler"], capture_output=True, env=settings, timeout=120
    )
    assert done.returncode != 0


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@pytest.fixture
def luigid(place):
    port = free_port()
    command = [str(Path(sys.executable).with_name("luigid")), "--address", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--state-path", "state.pickle"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while True:  # the server tells nobody that it is ready: ask until it answers
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert server.poll() is None, "luigid ended"
            assert time.monotonic() < deadline, "luigid does not answer"
    yield port
    server.terminate()
    server.wait(timeout=30)


def test_a_scheduler_on_loopback_runs_the_batch(place, luigid):
    shutil.copytree(SEEDS, place / "seeds")
    luigi = [str(Path(sys.executable).with_name("luigi")), "--module", "pipeline.tasks", "CleanCorpus"]
    where = ["--scheduler-host", "127.0.0.1", "--scheduler-port", str(luigid)]
    done = subprocess.run([*luigi, "--CleanCorpus-batch", "demo", *where], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len(pipeline.read_corpus("output/corpus")) == 3


def test_dirty_copies_are_dropped_and_name_their_twin_and_the_similarity(place):
    Path(config.DEFAULT_FILE).unlink()
    shutil.copytree(SEEDS, place / "in")
    story = (SEEDS / "000_e7ac5253860ec0da.txt").read_text(encoding="utf-8")
    entities = story.replace('"', "&quot;").replace("'", "&#39;").replace("Human Rights Watch", "HRW")
    furniture = story.rpartition("\n")[0] + "\nRead more: Our live blog\n"
    (place / "in" / "900_entities.txt").write_text(entities)
    (place / "in" / "901_furniture.txt").write_text(furniture)
    assert run("in") == 0
    assert sorted(d.id for d in pipeline.read_corpus("output/corpus")) == sorted(f.stem for f in SEEDS.glob("*.txt"))
    dropped = storage.read_table(str(made("duplicates", input="in").output / "dropped")).to_pylist()
    assert [row["id"] for row in dropped] == ["900_entities", "901_furniture"]
    for row in dropped:
        assert re.search(
            r"(near|exact|contained) [01]\.\d\d\b.* of 000_e7ac5253860ec0da \(batch demo\)", row["reason"]
        ), row


def test_a_batch_is_judged_against_those_before_it_by_name_and_never_against_itself(place):
    Path(config.DEFAULT_FILE).unlink()
    assert run(SEEDS, "--batch", "2026-11-02") == 0
    first = tree("output/corpus")
    assert run(SEEDS, "--batch", "2026-11-02", "--again", "duplicates") == 0
    assert tree("output/corpus") == first
    shutil.copytree(SEEDS, place / "in")
    (place / "in" / "new.txt").write_text(ARTICLE)
    assert run("in", "--batch", "2026-11-03") == 0
    assert [d.id for d in pipeline.read_corpus("output/corpus", since="2026-11-02")] == ["new"]
    dropped = storage.read_table(str(made("duplicates", batch="2026-11-03", input="in").output / "dropped"))
    assert all("(batch 2026-11-02)" in reason for reason in dropped["reason"].to_pylist())
    # an older batch that comes late is not judged against newer ones, and makes them stale
    assert run("in", "--batch", "2026-11-01") == 0
    assert len(pipeline.read_corpus("output/corpus")) == 3 + 1 + 4
    stale = {s.step: s.why for s in plan(batch="2026-11-02", input=str(SEEDS)).states() if not s.fresh}
    assert stale["boilerplate"].startswith("history.2026-11-01: nothing -> ")


# --- done means done ---------------------------------------------------------------------------------------------


def test_a_changed_setting_makes_its_stage_stale_and_equal_bytes_stop_the_cascade(place, capsys):
    assert run(SEEDS) == 0
    first = {state.step: state.manifest for state in plan(input=str(SEEDS)).states() if state.manifest}
    Path("s.toml").write_text('[rules."encoding/doubled_full_stop"]\nverdict = "quarantine"\n')
    states = {s.step: s for s in plan(file="s.toml", input=str(SEEDS)).states()}
    assert states["reading"].fresh
    assert states["encoding"].why == "rules.encoding/doubled_full_stop.verdict: keep -> quarantine"
    assert states["boilerplate"].why == "after encoding"
    Path("s.toml").write_text('[rules."encoding/unbalanced_quote"]\nenabled = false\n')
    assert run(SEEDS, "--config", "s.toml") == 0
    second = {s.step: s.manifest for s in plan(file="s.toml", input=str(SEEDS)).states() if s.manifest}
    assert second["encoding"]["key"] != first["encoding"]["key"]
    assert second["boilerplate"] == first["boilerplate"], "made again although its input is the same"
    assert second["publishing"] == first["publishing"]


def test_changed_input_is_noticed_and_an_output_can_be_deleted_without_asking(place):
    shutil.copytree(SEEDS, place / "seeds")
    assert run("seeds") == 0
    before = tree("output/corpus")
    shutil.rmtree(made("language", input="seeds").output)
    assert next(s.step for s in plan(input="seeds").states() if not s.fresh) == "language"
    assert run("seeds") == 0
    assert tree("output/corpus") == before
    write_jsonl(place / "seeds" / "more.jsonl", articles(1))
    state = next(plan(input="seeds").states())
    assert (state.step, state.fresh) == ("reading", False)
    assert state.why.startswith("input: ")
    assert run("seeds") == 0
    assert len(pipeline.read_corpus("output/corpus")) == 4


def test_a_step_is_made_again_when_asked(place):
    assert run(SEEDS) == 0
    before = made("encoding", input=str(SEEDS)).manifest
    assert run(SEEDS, "--again", "encoding") == 0
    after = made("encoding", input=str(SEEDS)).manifest
    assert {k: v for k, v in after.items() if k not in ("started", "seconds")} == {
        k: v for k, v in before.items() if k not in ("started", "seconds")
    }


def test_the_same_bytes_for_one_and_four_workers_and_for_any_order_of_files(place, monkeypatch):
    monkeypatch.setattr(local, "IN_PROCESS_BYTES", 0)
    monkeypatch.setattr("pipeline.sources.read.PORTION_FILES", 2)
    for number in range(6):
        write_jsonl(place / "in" / f"{number}.jsonl", articles((number + 1) * 20, number * 20))
    for number in reversed(range(6)):
        write_jsonl(place / "again" / f"{number}.jsonl", articles((number + 1) * 20, number * 20))
    assert run("in", "--workers", 1, "--output", "one") == 0
    assert run("again", "--workers", 4, "--output", "four") == 0
    assert tree("one/corpus") == tree("four/corpus")
    assert {k.partition("/")[2]: v for k, v in tree("one/runs/demo").items()} == {
        k.partition("/")[2]: v for k, v in tree("four/runs/demo").items()
    }


@pytest.mark.parametrize("step", ["encoding", "duplicates", "publishing"])
def test_a_killed_run_leaves_nothing_half_done_and_the_next_one_ends_with_the_same_bytes(place, step):
    write_jsonl(place / "in" / "a.jsonl", articles(50))
    assert run("in", "--output", "whole") == 0
    code = (
        "import os, signal, sys\n"
        "from pipeline.console import cli\n"
        "from pipeline.engine import whole\n"
        "write = whole.write_json\n"
        "def die(target, value):\n"
        f"    if value.get('step') == {step!r}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    write(target, value)\n"
        "whole.write_json = die\n"
        "sys.exit(cli.main(['run', 'in']))\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert made(step, input="in") is None
    assert run("in") == 0
    assert tree("output") == tree("whole")
    assert not list(Path("output").rglob("*.tmp"))


# --- bad input ---------------------------------------------------------------------------------------------------


def fails(capsys, *arguments):
    code = run(*arguments)
    said = capsys.readouterr()
    assert "Traceback" not in said.err + said.out
    assert said.err.count("\n") == 1, said.err
    return code, said.err.strip()


def test_an_empty_folder(place, capsys):
    (place / "in").mkdir()
    code, said = fails(capsys, "in")
    assert code == 2
    assert said.startswith("copydesk: in: is empty; known are .txt, .html")


def test_a_folder_without_articles(place, capsys):
    (place / "in").mkdir()
    (place / "in" / "photo.jpg").touch()
    code, said = fails(capsys, "in")
    assert (code, said.split(";")[0]) == (2, "copydesk: in: holds 1 files, none of a known kind")


def test_a_missing_folder(place, capsys):
    code, said = fails(capsys, "nowhere")
    assert code == 2
    assert said == "copydesk: nowhere: no such file or folder; name the articles' folder: copydesk run FOLDER"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[run]\nbach = 'x'", "s.toml: [run] has no setting 'bach'; did you mean 'batch'?"),
        ("[rum]\nbatch = 'x'", "s.toml has no table 'rum'; did you mean 'run'?"),
        ("[run]\nbatch = 3", "s.toml: [run] batch must be str; got 3"),
        ("[run]\nworkers = -1", "s.toml: [run] workers must be at least 0; got -1"),
        ("[run]\nmax_quarantined = 1.5", "s.toml: [run] max_quarantined must be within 0 and 1; got 1.5"),
        ("[run]\nbatch = '../x'", "s.toml: [run] batch must be a name of letters"),
        ("[run", "s.toml: not TOML"),
        (
            '[rules."encoding/doubled_full_stops"]',
            "s.toml: [rules] has no rule 'encoding/doubled_full_stops'; did you mean 'encoding/doubled_full_stop'?",
        ),
        (
            '[rules."encoding/doubled_full_stop"]\nverdict = "toss"',
            "s.toml: [rules.\"encoding/doubled_full_stop\"] verdict must be one of keep, quarantine, drop; got 'toss'",
        ),
    ],
)
def test_an_unknown_or_impossible_setting_stops_the_run(place, capsys, text, said):
    Path("s.toml").write_text(text)
    code, line = fails(capsys, SEEDS, "--config", "s.toml")
    assert code == 2
    assert line.startswith(f"copydesk: {said}")
    assert not Path("output").exists()


def test_a_missing_settings_file(place, capsys):
    code, said = fails(capsys, SEEDS, "--config", "no.toml")
    assert (code, said) == (2, "copydesk: no.toml: no such file; name an existing one with --config, or none")


def test_an_unreadable_file_is_quarantined(place):
    write_jsonl(place / "in" / "good.jsonl", articles(20))
    (place / "in" / "gone.txt").symlink_to("nowhere")
    (place / "in" / "linked").symlink_to("/")
    os.mkfifo(place / "in" / "pipe.txt")
    assert run("in") == 0
    assert len(pipeline.read_corpus("output/corpus")) == 20
    assert [(row["id"], row["file"], row["line"], row["reason"]) for row in quarantined()] == [
        ("gone.txt", "gone.txt", 0, "reading: a link that leads nowhere"),
        ("pipe.txt", "pipe.txt", 0, "reading: a named pipe, not a file"),
    ]
    reading = batch(input="in").manifest("reading")
    assert reading["left_out"] == ["in/linked: a link to a folder, which is not followed"]
    assert reading["counts"] == {"read": 22, "kept": 20, "dropped": 0, "quarantined": 2, "findings": 0}
    assert run("in") == 0  # and nothing is stale
    assert next(batch(input="in").plan()).fresh
    (place / "in" / "gone.txt").unlink()
    (place / "in" / "gone.txt").write_text(ARTICLE)
    assert not next(batch(input="in").plan()).fresh


def test_a_file_name_that_is_not_utf8_is_read_all_the_same(place):
    (place / "in").mkdir()
    Path(os.fsdecode(b"in/caf\xe9.txt")).write_text(ARTICLE)
    assert run("in") == 0
    assert [d.id for d in pipeline.read_corpus("output/corpus")] == ["caf\\xe9"]


def test_one_bad_byte_costs_one_document(place):
    lines = [json.dumps(row).encode() for row in articles(10_000)]
    lines[4_999] = lines[4_999][:40] + b"\xff" + lines[4_999][40:]
    (place / "in").mkdir()
    (place / "in" / "big.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    reading = plan(input="in")
    reading.make(reading.steps[0])
    [bad] = quarantined()
    assert (bad["file"], bad["line"]) == ("big.jsonl", 5_000)
    assert bad["reason"] == "reading: not UTF-8: byte 0xff at column 41"
    assert reading.made(reading.steps[0]).manifest["counts"]["kept"] == 9_999


def test_a_line_of_200_mb_is_set_aside_in_little_memory(place):
    (place / "in").mkdir()
    with (place / "in" / "big.jsonl").open("wb") as stream:
        stream.write(json.dumps(articles(1)[0]).encode() + b'\n{"id": "huge", "text": "')
        for _ in range(200):
            stream.write(b"x" * (1 << 20))
        stream.write(b'"}\n' + json.dumps(articles(2, 1)[0]).encode() + b"\n")
    code = "import resource, sys; from pipeline.console import cli; code = cli.main(['run', 'in']); " \
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 3, done.stderr  # one of three in quarantine is more than a tenth
    assert int(done.stdout.split()[-1]) < 600_000  # KiB
    [bad] = [row for row in quarantined() if row["stage"] == "reading"]
    assert (bad["file"], bad["line"]) == ("big.jsonl", 2)
    assert bad["reason"] == "reading: line longer than max_record_bytes = 33,554,432 bytes"
    assert made("reading", input="in").manifest["counts"]["kept"] == 2


def test_a_binary_file_named_txt_is_quarantined(place):
    write_jsonl(place / "in" / "good.jsonl", articles(20))
    (place / "in" / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 50)
    assert run("in") == 0
    [bad] = [row for row in quarantined() if row["stage"] == "reading"]
    assert bad["file"] == "photo.txt"
    assert bad["reason"].startswith("reading: binary, not text")


def test_an_id_used_twice_with_different_texts_is_quarantined_but_for_the_first(place):
    rows = articles(20)
    write_jsonl(place / "in" / "a.jsonl", [*rows, {"id": "a3", "text": "Quite another story. " + ARTICLE}])
    assert run("in") == 0
    [bad] = [row for row in quarantined() if row["stage"] == "reading"]
    assert (bad["id"], bad["line"]) == ("a3", 21)
    assert bad["reason"] == 'reading: id used twice: "a3" is also in a.jsonl, line 4'


def test_malformed_records_are_told_by_file_and_line(place):
    (place / "in").mkdir()
    good = json.dumps(articles(1)[0])
    bad = {
        2: ("{not json", "not JSON: "),
        3: ("[1, 2]", "not a JSON object but list"),
        4: ('{"body": "x"}', 'no "text"; found "body". hint: [read] text_field = "..."'),
        5: ('{"text": 5}', 'no "text"; it is int, not a string'),
        6: ('{"text": " \\n"}', "no text: it is empty"),
        7: ('{"text": "\\ud800 half"}', "not UTF-8: lone surrogate U+D800 at character 1"),
        8: ("[" * 100_000, "not JSON: "),
    }
    (place / "in" / "a.jsonl").write_text("\n".join([good, *(line for line, _ in bad.values())]) + "\n")
    assert run("in") == 3
    found = {row["line"]: row["reason"] for row in quarantined()}
    assert found.keys() == bad.keys()
    for line, (_, reason) in bad.items():
        assert found[line].startswith(f"reading: {reason}")


def test_a_rule_that_breaks_costs_its_document(place, monkeypatch):
    from pipeline import edits

    write_jsonl(place / "in" / "a.jsonl", [{**row, "text": f"& quot ;{row['text']}& quot ;"} for row in articles(20)])
    real = edits.run

    def broken(text, *rest):
        if "Report 7." in text:
            raise ZeroDivisionError("by seven")
        return real(text, *rest)

    monkeypatch.setattr(edits, "run", broken)
    assert run("in") == 0
    [bad] = quarantined()
    assert (bad["id"], bad["reason"]) == ("a7", "encoding: ZeroDivisionError: by seven")
    assert "ZeroDivisionError: by seven" in bad["traceback"]


def test_a_disk_that_refuses_is_one_line(place, capsys):
    Path("output").write_text("a file where the folder should be")
    code, said = fails(capsys, SEEDS)
    assert code == 1
    assert "output" in said


# --- sources -----------------------------------------------------------------------------------------------------


def test_every_kind_of_file_is_read(place):
    rows = [
        {
            "id": f"r{i}",
            "text": f"Story {i} of the day. {ARTICLE}{i * 31}",
            "url": f"https://www.example.org/{i}",
            "n": i,
        }
        for i in range(7)
    ]
    (place / "in" / "deep").mkdir(parents=True)
    (place / "in" / "deep" / "plain.txt").write_text(rows[0]["text"])
    paragraphs = "".join(f"<p>{rows[1]['text']} Paragraph {i}.</p>" for i in range(4))
    page = f"<html><head><title>Bridge</title></head><body><article><h1>Bridge</h1>{paragraphs}</article></body></html>"
    (place / "in" / "page.html").write_text(page)
    write_jsonl(place / "in" / "a.jsonl", rows[2:3])
    (place / "in" / "b.jsonl.gz").write_bytes(gzip.compress(json.dumps(rows[3]).encode()))
    with pa.output_stream(str(place / "in" / "c.jsonl.zst"), compression="zstd") as stream:
        stream.write(json.dumps(rows[4]).encode() + b"\n")
    (place / "in" / "d.csv").write_text(f'id,text,url\nr5,"{rows[5]["text"]}\nsecond line",{rows[5]["url"]}\n')
    pq.write_table(pa.Table.from_pylist(rows[6:]), place / "in" / "e.parquet")
    (place / "in" / "README").write_text("left out")
    assert run("in") == 0
    reading = made("reading", input="in").output
    read = {row["id"]: row for row in storage.read_table(f"{reading}/kept").to_pylist()}
    assert sorted(read) == ["deep/plain", "page", "r2", "r3", "r4", "r5", "r6"]
    assert read["r2"]["site"] == "example.org"
    assert json.loads(read["r6"]["meta"]) == {"n": 6}
    assert read["r5"]["text"].endswith("\nsecond line")
    assert rows[1]["text"] in read["page"]["text"]
    assert made("reading", input="in").manifest["left_out"] == ["in/README"]


def test_records_that_hold_html_become_text(place):
    markup = f"<p>{ARTICLE}</p><script>alert(1)</script><p>R&amp;D &lt;b&gt;<br/>and more</p><!-- no -->"
    write_jsonl(place / "in" / "feed.jsonl", [{"id": "a", "text": markup}])
    Path("s.toml").write_text("[read]\ntext_is_html = true\n")
    assert run("in", "--config", "s.toml") == 0
    reading = made("reading", file="s.toml", input="in").output
    assert storage.read_table(f"{reading}/kept")["text"].to_pylist() == [f"{ARTICLE}\n\nR&D <b>\nand more"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # warcio's writer leaves files open
def test_a_web_archive_is_read_with_the_charset_of_its_headers(place):
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    words = (
        "Der Bürgermeister erklärte, die Brücke über den Fluß müsse für längere Zeit gesperrt bleiben, weil Schäden "
    )
    words += "an zwei Pfeilern gefunden wurden. Die Anwohner fordern, daß eine Fähre eingerichtet wird."
    pages = [
        f"<html><body><article><h1>Brücke</h1><p>{words} Teil {i}.</p><p>{words}</p></article></body></html>"
        for i in range(3)
    ]
    (place / "in").mkdir()
    with (place / "in" / "crawl.warc.gz").open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for number, page in enumerate(pages):
            kind = "text/html; charset=iso-8859-1" if number < 2 else "image/png"
            headers = StatusAndHeaders("200 OK", [("Content-Type", kind)], protocol="HTTP/1.1")
            record = writer.create_warc_record(
                f"https://www.example.de/{number}",
                "response",
                payload=io.BytesIO(page.encode("latin-1")),
                http_headers=headers,
            )
            writer.write_record(record)
    with (place / "in" / "crawl.warc.gz").open("ab") as stream:
        stream.write(b"\x1f\x8b\x08 no more than a beginning")
    run("in")
    reading = made("reading", input="in").output
    kept = storage.read_table(f"{reading}/kept").to_pylist()
    assert [(row["id"], row["site"], row["url"]) for row in kept] == [
        ("crawl:1", "example.de", "https://www.example.de/0"),
        ("crawl:2", "example.de", "https://www.example.de/1"),
    ]
    assert words in kept[0]["text"]
    charsets = made("reading", input="in").manifest["charsets"]["example.de"]
    assert charsets == {"charsets": {"cp1252, declared": 2}, "least_certainty": 0.95, "replaced": 0}
    [bad] = [row for row in quarantined() if row["stage"] == "reading"]
    assert bad["reason"].startswith("reading: broken archive")


def test_broken_files_cost_themselves_alone(place):
    write_jsonl(place / "in" / "good.jsonl", articles(40))
    (place / "in" / "bad.parquet").write_bytes(b"PAR1 no such thing PAR1")
    (place / "in" / "bad.jsonl.gz").write_bytes(gzip.compress(json.dumps(articles(1)[0]).encode())[:-9])
    (place / "in" / "bad.csv").write_text('id,text\n1,"never closed')
    assert run("in") == 0
    assert {row["file"] for row in quarantined()} == {"bad.parquet", "bad.jsonl.gz", "bad.csv"}
    assert made("reading", input="in").manifest["counts"]["kept"] == 40


# --- lines learned of sites --------------------------------------------------------------------------------------

OPENINGS = ["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"]


def site_articles(site):
    """Articles of a site, each with the same line between two paragraphs of its own."""
    for number, word in enumerate(OPENINGS):
        first = f"{word} people spoke to the council about road {number} on Monday."
        text = f"{first}\n\nOur newsroom: tips and letters to the desk\n\n{word} more will follow, it said."
        yield {"id": f"{site}/{number}", "site": site, "text": text}


def test_a_line_learned_of_a_site_is_proposed_cut_rejected_and_taken_back(place, capsys):
    write_jsonl(place / "in" / "a.jsonl", site_articles("example.org"))
    assert run("in") == 0
    assert not [d for d in pipeline.read_corpus("output/corpus") if "Our newsroom" in d.text]
    capsys.readouterr()
    assert cli.main(["boilerplate", "suggest", "--json"]) == 0
    [proposal] = json.loads(capsys.readouterr().out)
    assert (proposal["site"], proposal["line"]) == ("example.org", "Our newsroom: tips and letters to the desk")
    assert proposal["evidence"] == "in 12 of this site's 12 documents (100 %), never elsewhere"
    assert proposal["examples"] == ["example.org/0", "example.org/1", "example.org/2"]
    decision = ["example.org", proposal["line"]]
    assert cli.main(["boilerplate", "reject", *decision]) == 0
    assert "never elsewhere" in Path("configs/boilerplate_decisions.toml").read_text()
    assert run("in") == 0
    assert len([d for d in pipeline.read_corpus("output/corpus") if "Our newsroom" in d.text]) == 12
    assert cli.main(["boilerplate", "undo", *decision]) == 0
    assert run("in") == 0
    assert not [d for d in pipeline.read_corpus("output/corpus") if "Our newsroom" in d.text]
    assert cli.main(["boilerplate", "undo", *decision]) == 2


def test_an_article_that_a_site_has_many_times_is_left_to_the_duplicates_stage(place):
    Path(config.DEFAULT_FILE).unlink()
    rows = [{"id": f"copy-{i}", "site": "example.org", "text": ARTICLE} for i in range(12)]
    write_jsonl(place / "in" / "a.jsonl", rows)
    assert run("in") == 0
    assert [(d.id, d.text) for d in pipeline.read_corpus("output/corpus")] == [("copy-0", ARTICLE)]


def test_lines_are_remembered_from_batch_to_batch(place):
    rows = list(site_articles("example.org"))
    write_jsonl(place / "one" / "a.jsonl", rows[:-1])
    write_jsonl(place / "two" / "a.jsonl", rows[-1:])
    assert run("one", "--batch", "1") == 0
    assert run("two", "--batch", "2") == 0
    [late] = pipeline.read_corpus("output/corpus", since="1")
    assert "Our newsroom" not in late.text


def test_what_breaks_a_parser_costs_its_record_or_its_file_alone(place):
    write_jsonl(place / "in" / "a.jsonl", articles(40))
    (place / "in" / "header.csv").write_text('id,"text never closed\n')
    years = pa.array([2**62, 0], pa.timestamp("ms"))  # the first is past what Python's dates can hold
    far = pa.table({"id": ["x", "y"], "text": [ARTICLE, ARTICLE + " More."], "t": years})
    pq.write_table(far, place / "in" / "far.parquet")
    assert run("in") == 0
    found = {(row["file"], row["line"]): row["reason"] for row in quarantined()}
    assert found.keys() == {("header.csv", 0), ("far.parquet", 1)}
    assert found["header.csv", 0].startswith("reading: broken file: Error: unexpected end of data")
    assert found["far.parquet", 1].startswith("reading: broken record: ")


# --- what a person sees ------------------------------------------------------------------------------------------


def test_explain_tells_a_documents_life(place, capsys):
    assert run(SEEDS) == 0
    capsys.readouterr()
    assert cli.main(["explain", "001_2059845ff647bd54", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    encoding = next(step for step in told["steps"] if step["step"] == "encoding")
    assert {f["rule"] for f in encoding["findings"]} >= {"encoding/broken_entity", "encoding/doubled_full_stop"}
    assert told["published"] == "output/corpus/batch=demo"
    assert cli.main(["explain", "001_2059845ff647bd5"]) == 2
    assert "did you mean '001_2059845ff647bd54'?" in capsys.readouterr().err


def test_the_report_shows_text_and_never_runs_it(place):
    hostile = "<script>alert(1)</script> & # 39;quoted& # 39; \u202eback"
    write_jsonl(place / "in" / "a.jsonl", [{"id": "<img src=x onerror=alert(1)>", "text": hostile + " " + ARTICLE}])
    run("in")
    page = Path("output/runs/demo/report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "\u202e" not in page


def test_rules_are_listed_with_their_settings(capsys):
    assert cli.main(["rules", "--json"]) == 0
    listed = {entry["rule"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert listed["encoding/doubled_full_stop"]["verdict"] == "keep"
    assert cli.main(["rules", "encoding/mojibak"]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_a_rule_is_tried_on_a_sample_and_changes_nothing(place, capsys):
    name = "encoding/misplaced_quote"
    assert cli.main(["rules", "try", name, "--on", str(SEEDS), "--json"]) == 0
    tried = json.loads(capsys.readouterr().out)
    assert (tried["documents"], tried["hit"], tried["findings"], tried["edits"]) == (3, 1, 2, 2)
    assert [hit["before"] for hit in tried["hits"]] == [" ", ' "']
    assert not Path("output").exists()
    assert cli.main(["rules", "try", "encoding/misplaced_quotes"]) == 2
    assert capsys.readouterr().err == (
        "copydesk: no rule or stage 'encoding/misplaced_quotes'; did you mean 'encoding/misplaced_quote'?\n"
    )


def test_help_teaches(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    for command in ("run", "status", "plan", "explain", "rules"):
        assert f"copydesk {command}" in said or f"    {command} " in said
    assert "Exit codes: 0 done, 1 failed, 2 wrong usage" in said


def test_plain_output_has_no_escape_codes(place, capsys):
    assert run(SEEDS) == 0
    assert cli.main(["status"]) == 0
    assert "\x1b" not in capsys.readouterr().out
