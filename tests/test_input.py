"""Bad input and every kind of file: what cannot be read is set aside, and nothing else is lost."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import pipeline
from pipeline.console import cli
from pipeline.engine import storage
from pipeline.records import Facts, Finding, Rule
from pipeline.run.steps import stage
from pipeline.stages.rows import run_stage
from tests.runs import ARTICLE, SEEDS, articles, fails, made, one_line, plan, quarantined, run, write_jsonl


def test_an_empty_folder(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "in").mkdir()
    code, said = fails(capsys, "in")
    assert code == 2
    assert said.startswith("copydesk: in: is empty; known are .txt, .html")


def test_a_folder_without_articles(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "in").mkdir()
    (place / "in" / "photo.jpg").touch()
    code, said = fails(capsys, "in")
    assert (code, said.split(";")[0]) == (2, "copydesk: in: holds 1 files, none of a known kind")


def test_a_missing_folder(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
        ("[run]\nbatch = '_x'", "s.toml: [run] batch must be a name of letters"),
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
def test_an_unknown_or_impossible_setting_stops_the_run(
    place: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    Path("s.toml").write_text(text)
    assert cli.main(["run", str(SEEDS), "--config", "s.toml"]) == 2
    assert one_line(capsys).startswith(f"copydesk: {said}")
    assert not Path("output").exists()


def test_an_output_folder_whose_name_is_not_utf8_stops_the_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, line = fails(capsys, SEEDS, "--output", os.fsdecode(b"caf\xe9"))
    assert code == 2
    assert line.endswith("[run] output must be a path in UTF-8 that can be printed; got 'caf\\udce9'")


def test_an_input_folder_whose_name_is_not_utf8_is_read_and_remembered(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = os.fsdecode(b"caf\xe9")
    shutil.copytree(SEEDS, folder)
    assert run(folder) == 0
    assert [state.step for state in plan(input=folder).states() if not state.fresh] == []
    assert cli.main(["status"]) == 0
    assert "is to be made" not in capsys.readouterr().out


def test_an_input_that_is_deleted_after_it_was_read_is_published(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(SEEDS, "in")

    def deleting(rows: pa.RecordBatch, **values: Any) -> Iterator[dict[str, pa.RecordBatch]]:
        shutil.rmtree("in", ignore_errors=True)
        return run_stage(rows, **values)

    monkeypatch.setattr(stage, "run_stage", deleting)
    assert run("in") == 0
    assert len(pipeline.read_corpus("output/corpus")) == 3
    assert run("in") == 2  # now there is no input to look at
    assert "in: no such file or folder" in capsys.readouterr().err
    assert len(pipeline.read_corpus("output/corpus")) == 3


def test_a_missing_settings_file(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = fails(capsys, SEEDS, "--config", "no.toml")
    assert (code, said) == (2, "copydesk: no.toml: no such file; name an existing one, or none")


def test_an_unreadable_file_is_quarantined(place: Path) -> None:
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
    reading = made("reading", input="in").manifest
    assert reading["left_out"] == ["in/linked: a link to a folder, which is not followed"]
    assert reading["counts"] == {"read": 22, "kept": 20, "dropped": 0, "quarantined": 2, "findings": 0}
    assert run("in") == 0  # and nothing is stale
    assert next(plan(input="in").states()).fresh
    (place / "in" / "gone.txt").unlink()
    (place / "in" / "gone.txt").write_text(ARTICLE)
    assert not next(plan(input="in").states()).fresh


def test_a_file_name_that_is_not_utf8_is_read_all_the_same(place: Path) -> None:
    (place / "in").mkdir()
    Path(os.fsdecode(b"in/caf\xe9.txt")).write_text(ARTICLE)
    assert run("in") == 0
    assert [d.id for d in pipeline.read_corpus("output/corpus")] == ["caf\\xe9"]


def test_one_bad_byte_costs_one_document(place: Path) -> None:
    lines = [json.dumps(row).encode() for row in articles(10_000)]
    lines[4_999] = lines[4_999][:40] + b"\xff" + lines[4_999][40:]
    (place / "in").mkdir()
    (place / "in" / "big.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    reading = plan(input="in")
    reading.make(reading.steps[0])
    [bad] = quarantined()
    assert (bad["file"], bad["line"]) == ("big.jsonl", 5_000)
    assert bad["reason"] == "reading: not UTF-8: byte 0xff at column 41"
    assert made("reading", input="in").manifest["counts"]["kept"] == 9_999


def test_a_line_of_200_mb_is_set_aside_in_little_memory(place: Path) -> None:
    (place / "in").mkdir()
    with (place / "in" / "big.jsonl").open("wb") as stream:
        stream.write(json.dumps(articles(1)[0]).encode() + b'\n{"id": "huge", "text": "')
        for _ in range(200):
            stream.write(b"x" * (1 << 20))
        stream.write(b'"}\n' + json.dumps(articles(2, 1)[0]).encode() + b"\n")
    code = (
        "import re, sys\n"
        "from pipeline.console import cli\n"
        "code = cli.main(['run', 'in', '--batch', 'demo'])\n"
        # of this process alone: the system's other figure knows what the process that started it had
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 3, done.stderr  # one of three in quarantine is more than a tenth
    assert int(done.stdout.split()[-1]) < 600_000  # KiB
    [bad] = [row for row in quarantined() if row["stage"] == "reading"]
    assert (bad["file"], bad["line"]) == ("big.jsonl", 2)
    assert bad["reason"] == "reading: line longer than max_record_bytes = 33,554,432 bytes"
    assert made("reading", input="in").manifest["counts"]["kept"] == 2


def test_a_binary_file_named_txt_is_quarantined(place: Path) -> None:
    write_jsonl(place / "in" / "good.jsonl", articles(20))
    (place / "in" / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 50)
    assert run("in") == 0
    [bad] = [row for row in quarantined() if row["stage"] == "reading"]
    assert bad["file"] == "photo.txt"
    assert bad["reason"].startswith("reading: binary, not text")


def test_an_id_used_twice_with_different_texts_is_quarantined_but_for_the_first(place: Path) -> None:
    rows = articles(20)
    write_jsonl(place / "in" / "a.jsonl", [*rows, {"id": "a3", "text": "Quite another story. " + ARTICLE}])
    assert run("in") == 0
    [bad] = [row for row in quarantined() if row["stage"] == "reading"]
    assert (bad["id"], bad["line"]) == ("a3", 21)
    assert bad["reason"] == 'reading: id used twice: "a3" is also in a.jsonl, line 4'


def test_malformed_records_are_told_by_file_and_line(place: Path) -> None:
    (place / "in").mkdir()
    good = json.dumps(articles(1)[0])
    bad = {
        2: ("{not json", "not JSON: "),
        3: ("[1, 2]", "not a JSON object but list"),
        4: ('{"body": "x"}', 'no "text"; found "body". hint: [read] text_field = "..."'),
        5: ('{"text": 5}', 'no "text"; it is int, not a string'),
        6: ('{"text": " \\n"}', "no text: it is empty"),
        7: ('{"text": "\\ud800 half"}', "not UTF-8: lone surrogate U+D800 at character 1"),
        8: ("[" * 100_000, "nested 100,000 levels deep, the limit is 100"),
    }
    (place / "in" / "a.jsonl").write_text("\n".join([good, *(line for line, _ in bad.values())]) + "\n")
    assert run("in") == 3
    found = {row["line"]: row["reason"] for row in quarantined()}
    assert found.keys() == bad.keys()
    for line, (_, reason) in bad.items():
        assert found[line].startswith(f"reading: {reason}")


def test_a_rule_that_breaks_costs_its_document(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline import edits

    write_jsonl(place / "in" / "a.jsonl", [{**row, "text": f"& quot ;{row['text']}& quot ;"} for row in articles(20)])
    real = edits.run

    def broken(text: str, rules: Sequence[Rule], facts: Facts, idle: Collection[str]) -> tuple[str, list[Finding]]:
        if "Report 7." in text:
            raise ZeroDivisionError("by seven")
        return real(text, rules, facts, idle)

    monkeypatch.setattr(edits, "run", broken)
    assert run("in") == 0
    [bad] = quarantined()
    assert (bad["id"], bad["reason"]) == ("a7", "encoding: ZeroDivisionError: by seven")
    assert "ZeroDivisionError: by seven" in bad["traceback"]


def test_a_disk_that_refuses_is_one_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("output").write_text("a file where the folder should be")
    code, said = fails(capsys, SEEDS)
    assert code == 1
    assert "output" in said


# --- every kind of file ------------------------------------------------------------------------------------------


def test_every_kind_of_file_is_read(place: Path) -> None:
    texts = [f"Story {i} of the day. {ARTICLE}{i * 31}" for i in range(7)]
    rows = [
        {"id": f"r{i}", "text": text, "url": f"https://www.example.org/{i}", "n": i} for i, text in enumerate(texts)
    ]
    (place / "in" / "deep").mkdir(parents=True)
    (place / "in" / "deep" / "plain.txt").write_text(texts[0])
    paragraphs = "".join(f"<p>{texts[1]} Paragraph {i}.</p>" for i in range(4))
    page = f"<html><head><title>Bridge</title></head><body><article><h1>Bridge</h1>{paragraphs}</article></body></html>"
    (place / "in" / "page.html").write_text(page)
    write_jsonl(place / "in" / "a.jsonl", rows[2:3])
    (place / "in" / "b.jsonl.gz").write_bytes(gzip.compress(json.dumps(rows[3]).encode()))
    with pa.output_stream(str(place / "in" / "c.jsonl.zst"), compression="zstd") as stream:
        stream.write(json.dumps(rows[4]).encode() + b"\n")
    (place / "in" / "d.csv").write_text(f'id,text,url\nr5,"{texts[5]}\nsecond line",{rows[5]["url"]}\n')
    pq.write_table(pa.Table.from_pylist(rows[6:]), place / "in" / "e.parquet")
    (place / "in" / "README").write_text("left out")
    assert run("in") == 0
    reading = made("reading", input="in").output
    read = {row["id"]: row for row in storage.read_table(f"{reading}/kept").to_pylist()}
    assert sorted(read) == ["deep/plain", "page", "r2", "r3", "r4", "r5", "r6"]
    assert read["r2"]["site"] == "example.org"
    assert json.loads(read["r6"]["meta"]) == {"n": 6}
    assert read["r5"]["text"].endswith("\nsecond line")
    assert texts[1] in read["page"]["text"]
    assert made("reading", input="in").manifest["left_out"] == ["in/README"]


def test_records_that_hold_html_become_text(place: Path) -> None:
    markup = f"<p>{ARTICLE}</p><script>alert(1)</script><p>R&amp;D &lt;b&gt;<br/>and more</p><!-- no -->"
    write_jsonl(place / "in" / "feed.jsonl", [{"id": "a", "text": markup}])
    Path("s.toml").write_text("[read]\ntext_is_html = true\n")
    assert run("in", "--config", "s.toml") == 0
    reading = made("reading", file="s.toml", input="in").output
    assert storage.read_table(f"{reading}/kept")["text"].to_pylist() == [f"{ARTICLE}\n\nR&D <b>\nand more"]


def test_a_web_archive_is_read_with_the_charset_of_its_headers(place: Path) -> None:
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
            record.raw_stream.close()  # a file of warcio's own
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


def test_broken_files_cost_themselves_alone(place: Path) -> None:
    write_jsonl(place / "in" / "good.jsonl", articles(40))
    (place / "in" / "bad.parquet").write_bytes(b"PAR1 no such thing PAR1")
    (place / "in" / "bad.jsonl.gz").write_bytes(gzip.compress(json.dumps(articles(1)[0]).encode())[:-20])
    (place / "in" / "bad.csv").write_text('id,text\n1,"never closed')
    assert run("in") == 0
    assert {row["file"] for row in quarantined()} == {"bad.parquet", "bad.jsonl.gz", "bad.csv"}
    assert made("reading", input="in").manifest["counts"]["kept"] == 40


def test_what_breaks_a_parser_costs_its_record_or_its_file_alone(place: Path) -> None:
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
