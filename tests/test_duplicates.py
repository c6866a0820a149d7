"""Duplicates: what counts as a copy, which copy is kept, and that nothing but the documents decides."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine.local import LocalEngine
from pipeline.engine.protocol import Dataset
from pipeline.errors import InputError, SettingsError
from pipeline.facts.duplicates import Policy, find, remember, search, signatures
from pipeline.facts.duplicates import words as folded_words
from pipeline.facts.duplicates.compare import compare, fold
from tests import runs
from tests.runs import articles, published_rows, write_jsonl

WORDS = re.findall(
    r"\w+",
    """council bridge ferry morning river minister budget harbour school teacher winter market factory strike union
    road doctor hospital village museum painter garden judge verdict prison police station train driver signal storm
    flood island fisher boat engine captain letter editor paper ink printer press night shift worker bread oven flour
    mill""",
)
PLAIN = Policy()


def story(seed: int, words: int = 120) -> str:
    """Sentences of random words: no two stories share more than a shingle or two."""
    chance = random.Random(seed)
    sentences = []
    while words > 0:
        size = min(words, chance.randint(9, 15))
        sentences.append(" ".join(chance.choice(WORDS) for _ in range(size)).capitalize() + ".")
        words -= size
    return " ".join(sentences)


def kinds(*texts: str, policy: Policy = PLAIN) -> dict[str, tuple[str, str]]:
    """Each copy's number to its twin's and the kind of copy."""
    return {copy.id: (copy.of, copy.kind) for copy in find([(str(n), t) for n, t in enumerate(texts)], policy)}


class TestWhatCountsAsACopy:
    def test_case_spaces_and_ascii_punctuation_do_not_count(self) -> None:
        text = story(1)
        assert kinds(text, text.upper().replace(". ", " -\n")) == {"1": ("0", "exact")}

    def test_a_scraper_that_loses_quotes_and_glues_words_makes_a_near_copy(self) -> None:
        words = story(1).split()
        for place in (90, 50, 10):
            words[place : place + 2] = [f"?{words[place][:-1]}{words[place + 1]}?"]
        found = list(find([("a", story(1)), ("b", " ".join(words))]))
        assert [(d.id, d.of, d.kind) for d in found] == [("b", "a", "near")]
        assert 0.8 < found[0].similarity < 0.95

    def test_mojibake_does_not_count(self) -> None:
        text = story(1).replace("council", "“conseil”").replace("river", "rivière")
        assert kinds(text, text.encode().decode("cp1252", errors="replace")) == {"1": ("0", "near")}

    def test_other_words_in_the_midst_of_shared_passages_make_another_report(self) -> None:
        words = story(1).split()
        for place in (20, 50, 80):
            words[place : place + 2] = ["kangaroo", "xylophone"]
        assert kinds(story(1), " ".join(words)) == {}

    def test_another_number_makes_another_report(self) -> None:
        text = story(1) + " At least 32 people were hurt. " + story(2)
        assert kinds(text, text.replace("32", "44")) == {}
        assert kinds(text, text.replace("At least", "About")) != {}

    def test_the_first_part_of_an_article_is_contained(self) -> None:
        text = story(1, 300)
        assert kinds(text, " ".join(text.split()[:60]) + " ...") == {"1": ("0", "contained")}

    def test_a_wire_story_inside_a_longer_piece_is_contained(self) -> None:
        piece = f"{story(2, 150)}\n{story(1)}\n{story(3, 150)}"
        assert kinds(story(1), piece) == {"0": ("1", "contained")}

    def test_shuffled_paragraphs_are_a_copy(self) -> None:
        parts = [story(n, 60) for n in range(6)]
        assert kinds("\n".join(parts), "\n".join(reversed(parts)))["1"][1] == "near"

    def test_two_pieces_that_share_half_are_no_copies(self) -> None:
        assert kinds(f"{story(1)} {story(2)}", f"{story(1)} {story(3)}") == {}

    def test_very_short_texts_are_compared_exactly_only(self) -> None:
        text = "Road closed after storm, police said on Friday morning in the village"
        assert kinds(text, f"{text} again", f"{text}.") == {"2": ("0", "exact")}

    def test_texts_without_a_letter_are_nobodys_copies(self) -> None:
        assert kinds("", "", " \n", "...", "!!!") == {}

    def test_letters_that_the_words_leave_out_still_count_as_exact(self) -> None:
        assert kinds("été", "àtà") == {}
        assert kinds("été", "Été ") == {}  # case beyond ASCII is not folded: a short text may not be merged by mistake
        assert kinds("été", "été!") == {"1": ("0", "exact")}

    @pytest.mark.parametrize(
        "text",
        [
            "市政府周一宣布关闭旧桥进行维修直到年底并要求司机改乘渡轮渡轮每二十分钟一班从早上六点开始运行市长表示这座桥已有八十年历史",
            "市は月曜日に古い橋を年末まで閉鎖して修理すると発表し運転手にフェリーを利用するよう求めました市長はこの橋が八十年前に建てられたと述べました",
            "สภาเมืองลงมติเมื่อวันจันทร์ให้ปิดสะพานเก่าเพื่อซ่อมแซมจนถึงสิ้นปีและขอให้คนขับรถใช้เรือข้ามฟากซึ่งจะออกทุกยี่สิบนาทีตั้งแต่หกโมงเช้า",
        ],
        ids=["zh", "ja", "th"],
    )
    def test_scripts_without_spaces(self, text: str) -> None:
        changed = text[:20] + text[22:]
        assert kinds(text, changed)["1"] == ("0", "near")
        other = "".join(random.Random(1).sample(text, len(text)))
        assert kinds(text, other) == {}

    @pytest.mark.parametrize("form", ["NFD", "NFKD"])
    @pytest.mark.parametrize(
        "text",
        [
            "L’été dernier, le conseil a décidé à Orléans de fermer le vieux pont jusqu’à Noël, et prié chacun "
            "de prendre le bac, qui passera toutes les vingt minutes dès six heures, a annoncé la mairie.",
            "시의회는 화요일에 오래된 다리를 연말까지 닫기로 결정했다 시장은 기자들에게 다리가 여든 해 전에 지어졌다고 "
            "말했다 운전자들은 이십 분마다 떠나는 배를 타야 한다 공사는 내년 봄에 끝날 예정이다",
            "Cây cầu cũ sẽ đóng cửa đến cuối năm, thị trưởng nói hôm qua, và yêu cầu các tài xế đi phà "
            "chạy mỗi hai mươi phút.",
        ],
        ids=["fr", "ko", "vi"],
    )
    def test_decomposed_letters_are_letters(self, text: str, form: Literal["NFD", "NFKD"]) -> None:
        assert kinds(text, unicodedata.normalize(form, text)) == {"1": ("0", "exact")}

    def test_traditional_characters_are_simplified_ones(self) -> None:
        text = "市议会周二讨论了旧桥的计划，决定将它关闭到年底，并请驾驶员改乘渡轮，渡轮从早上六点开始每二十分钟一班。"
        other = "市議會週二討論了舊橋的計劃，決定將它關閉到年底，並請駕駛員改乘渡輪，渡輪從早上六點開始每二十分鐘一班。"
        assert kinds(text, other.replace("週", "周")) == {"1": ("0", "near")}

    def test_cyrillic_and_greek_case_is_folded(self) -> None:
        text = "Городской совет решил закрыть старый мост на ремонт до конца года и попросил водителей " * 2
        assert kinds(text + "Это всё.", text.upper() + "Конец.")["1"][1] == "near"


class TestWhichCopyIsKept:
    def test_who_was_dropped_speaks_for_nobody(self, tmp_path: Path) -> None:
        """A~B~C: B goes with A; C is like B alone, and stays."""
        parts = [story(n, 9) for n in range(44)]
        a, b, c = (" ".join(parts[start : start + 40]) for start in (0, 2, 4))
        rows = [("a", a, "2024-01-01"), ("b", b, "2024-01-02"), ("c", c, "2024-01-03")]
        folded = fold(pa.array([a, b, c]))
        policy = Policy(max_lost=0.07)
        assert compare(folded[0], folded[1], policy).kind == "near"
        assert compare(folded[1], folded[2], policy).kind == "near"
        assert compare(folded[0], folded[2], policy).kind == ""
        found = run(tmp_path, documents(tmp_path, rows, "published"), policy=policy)
        assert [(row["id"], row["of"]) for row in found] == [("b", "a")]

    @pytest.mark.parametrize(
        ("column", "values", "kept", "why"),
        [
            ("site", ["x.com", "wire.org"], "b", "from a preferred source"),
            ("published", ["2024-05-02T01:00:00+02:00", "2024-05-01T23:30:00Z"], "a", "earliest"),
            ("published", [None, "2024-05-01"], "b", "earliest"),
            ("translation_score", [0.4, 0.9], "b", "best translation"),
            ("repairs", [0, 7], "a", "fewest repairs"),
            ("damage", [3, 0], "b", "fewer characters lost"),
            ("title", ["x", "y"], "a", "longest"),
        ],
    )
    def test_the_criteria(self, tmp_path: Path, column: str, values: list[object], kept: str, why: str) -> None:
        rows = [("a", story(1) + " And more.", values[0]), ("b", story(1), values[1])]
        [found] = run(tmp_path, documents(tmp_path, rows, column), policy=Policy(preferred=("wire.org",)))
        assert (found["of"], found["why"], found["kind"]) == (kept, why, "near")

    @pytest.mark.parametrize("lost", ["?", "\ufffd"])
    def test_an_intact_copy_wins_over_one_whose_letters_were_lost(self, lost: str) -> None:
        text = story(1).replace("e", "é")
        found = list(find([("a", text.replace("é", lost)), ("b", text)]))
        assert [(d.id, d.of, d.why) for d in found] == [("a", "b", "fewer characters lost")]

    def test_the_order_of_the_criteria_is_a_setting(self) -> None:
        longest, by_id = Policy(order=("longest",)), Policy(order=("id",))
        texts = [story(1), story(1) + " And more."]
        assert kinds(*texts, policy=longest) == {"0": ("1", "near")}
        assert kinds(*texts, policy=by_id) == {"1": ("0", "near")}
        with pytest.raises(SettingsError, match="no criterion"):
            Policy(order=("oldest",))

    def test_a_contained_copy_is_never_kept_for_the_longer_one(self, tmp_path: Path) -> None:
        rows = [("teaser", " ".join(story(1, 300).split()[:80]), "2024-01-01"), ("full", story(1, 300), "2024-01-09")]
        [found] = run(tmp_path, documents(tmp_path, rows, "published"))
        assert (found["id"], found["kind"], found["why"]) == ("teaser", "contained", "the longer one")

    def test_exact_copies_go_where_the_best_of_them_goes(self) -> None:
        teaser = " ".join(story(1, 300).split()[:80])
        assert kinds(teaser, story(1, 300), teaser.upper()) == {"0": ("1", "contained"), "2": ("1", "contained")}

    def test_copies_in_a_ring_leave_one(self, tmp_path: Path) -> None:
        """A is contained in B, B is near C and later, C is near A and later: the longest is kept."""
        base = story(1, 200).split()
        a, b, c = " ".join(base[:180]), " ".join([*base, *story(5, 4).split()]), " ".join(base[:190])
        rows = [("a", a, "2024-01-01"), ("b", b, "2024-01-03"), ("c", c, "2024-01-02")]
        policy = Policy(max_loss_by_choice=0.09)
        found = run(tmp_path, documents(tmp_path, rows, "published"), policy=policy)
        assert len(found) == 2
        assert len({row["of"] for row in found}) == 1


def documents(
    folder: Path,
    rows: Sequence[tuple[str, str, object]],
    column: str = "title",
    parts: int = 1,
    name: str = "documents",
) -> str:
    """Documents of id, text and one more column, in `parts` files."""
    out = folder / name
    out.mkdir()
    size = max(1, -(-len(rows) // parts))
    for number, start in enumerate(range(0, len(rows), size)):
        piece = rows[start : start + size]
        table = pa.table(
            {"id": [row[0] for row in piece], "text": [row[1] for row in piece], column: [row[2] for row in piece]}
        )
        pq.write_table(table, out / f"part-{number}.parquet")
    return str(out)


def run(
    folder: Path, source: str, history: dict[str, str] | None = None, batch: str = "b", policy: Policy = PLAIN
) -> list[dict[str, Any]]:
    out = search(LocalEngine(workers=1), source, history or {}, batch, policy, str(folder / f"work-{batch}"))
    found: list[dict[str, Any]] = pq.read_table(out).to_pylist()
    return found


def mixed(seed: int, size: int = 40) -> list[tuple[str, str, str]]:
    """Stories with copies of all kinds among them, dates at random."""
    chance = random.Random(seed)
    rows = []
    for number in range(size):
        text = story(number % (size // 2), 150)
        words = text.split()
        made = [
            text, text.upper(), " ".join(words[: chance.randint(30, 140)]), text + " " + story(900 + number, 100),
            " ".join(words[:70] + words[73:]), text.replace("bridge", "ferryboat"),
        ]  # fmt: skip
        rows.append((f"d{number:03d}", chance.choice(made), f"2024-01-{chance.randint(1, 9):02d}"))
    return rows


class TestSameInSameOut:
    @pytest.mark.parametrize("seed", range(3))
    def test_the_order_of_documents_and_files_does_not_count(self, tmp_path: Path, seed: int) -> None:
        rows = mixed(seed)
        random.Random(seed).shuffle(rows)
        once = run(tmp_path, documents(tmp_path, rows, "published", name="one"), batch="one")
        twice = run(tmp_path, documents(tmp_path, rows[::-1], "published", parts=7, name="two"), batch="two")
        assert len(once) > 5
        assert [{**row, "of_batch": "", "cluster": ""} for row in once] == [
            {**row, "of_batch": "", "cluster": ""} for row in twice
        ]

    def test_the_same_bytes_on_a_second_run(self, tmp_path: Path) -> None:
        source = documents(tmp_path, mixed(1), "published")
        run(tmp_path, source)
        tables = ("duplicates", "clusters", "superseded")
        files = [next((tmp_path / "work-b" / name).glob("*.parquet")) for name in tables]
        before = [file.read_bytes() for file in files]
        run(tmp_path, source)
        assert [file.read_bytes() for file in files] == before

    def test_the_library_decides_as_the_batch_path_does(self, tmp_path: Path) -> None:
        rows = [(name, text, "x") for name, text, _ in mixed(2)]
        batch = run(tmp_path, documents(tmp_path, rows, "title"))
        library = {(d.id, d.of, d.similarity, d.kind, d.why) for d in find((row[0], row[1]) for row in rows)}
        assert {(row["id"], row["of"], row["similarity"], row["kind"], row["why"]) for row in batch} == library

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=60), min_size=1, max_size=6))
    def test_a_signature_does_not_depend_on_its_neighbours(self, texts: list[str]) -> None:
        ids = [str(n) for n in range(len(texts))]
        policy = Policy(min_words=1)
        together = signatures(pa.RecordBatch.from_pydict({"id": ids, "text": texts}), policy).to_pylist()
        alone = []
        for name, text in zip(ids, texts, strict=True):
            alone += signatures(pa.RecordBatch.from_pydict({"id": [name], "text": [text]}), policy).to_pylist()
        assert together == alone

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=80), min_size=1, max_size=4))
    def test_the_folded_words_compare_like_the_text(self, texts: list[str]) -> None:
        batch = pa.RecordBatch.from_pydict({"id": [str(n) for n in range(len(texts))], "text": texts})
        signed = signatures(batch)
        numbers = [int(name) for name in signed.column("id").to_pylist()]
        for number, again in zip(numbers, fold(signed.column("words")), strict=True):
            [once] = fold(pa.array([texts[number]]))
            assert again.words() == once.words()
            assert again.runs.tolist() == once.runs.tolist()

    def test_two_documents_of_one_id_are_refused(self) -> None:
        with pytest.raises(InputError, match='two documents have the id "a"'):
            list(find([("a", story(1)), ("a", story(2))]))


class TestHistory:
    def publish(
        self,
        folder: Path,
        batch: str,
        rows: Sequence[tuple[str, str, object]],
        history: dict[str, str],
        column: str = "published",
    ) -> tuple[list[dict[str, Any]], str]:
        source = documents(folder, rows, column, name=f"read-{batch}")
        found = run(folder, source, history, batch)
        dropped = {row["id"] for row in found}
        kept = documents(folder, [row for row in rows if row[0] not in dropped], column, name=f"kept-{batch}")
        return found, remember(LocalEngine(workers=1), kept, batch, str(folder / "history" / batch))

    def test_a_batch_is_judged_against_those_before_it_by_name(self, tmp_path: Path) -> None:
        one, first = self.publish(tmp_path, "2024-01", [("a", story(1), None), ("b", story(2), None)], {})
        teaser = " ".join(story(2).split()[:60])
        rows = [("c", story(1).upper(), None), ("d", story(1) + " And so on.", None), ("e", teaser, None)]
        two, second = self.publish(tmp_path, "2024-02", [*rows, ("a", story(3), None)], {"2024-01": first})
        assert one == []
        assert [(row["id"], row["of_batch"], row["of"], row["kind"], row["why"]) for row in two] == [
            ("c", "2024-01", "a", "exact", "published before"),
            ("d", "2024-01", "a", "near", "published before"),
            ("e", "2024-01", "b", "contained", "the longer one"),
        ]
        history = {"2024-01": first, "2024-02": second, "2024-03": second}
        again = run(tmp_path, str(tmp_path / "read-2024-01"), history, "2024-01")
        assert again == one  # neither its own history nor that of later batches
        again = run(tmp_path, str(tmp_path / "read-2024-02"), history, "2024-02")
        assert again == two

    def test_a_better_copy_that_comes_later_is_recorded(self, tmp_path: Path) -> None:
        _, first = self.publish(tmp_path, "1", [("a", story(1), "2024-05-01"), ("b", story(2, 60), "2024-05-01")], {})
        rows = [("c", story(1), "2024-04-01"), ("d", story(2, 60) + " " + story(3), "2024-06-01")]
        found, _ = self.publish(tmp_path, "2", rows, {"1": first})
        assert [(row["id"], row["of"]) for row in found] == [("c", "a")]
        recorded = pq.read_table(tmp_path / "work-2" / "superseded").to_pylist()
        assert [(row["id"], row["batch"], row["better"], row["why"]) for row in recorded] == [
            ("a", "1", "c", "earliest"),
            ("b", "1", "d", "the longer one"),
        ]

    def test_signatures_of_another_version_are_refused(self, tmp_path: Path) -> None:
        _, first = self.publish(tmp_path, "1", [("a", story(1), None)], {})
        [file] = Path(first, "documents").glob("*.parquet")
        table = pq.read_table(file)
        older = pa.array([0] * len(table), pa.int32())
        pq.write_table(table.set_column(table.schema.get_field_index("version"), "version", older), file)
        with pytest.raises(InputError, match="batch 1 has signatures of version 0"):
            self.publish(tmp_path, "2", [("c", story(1), None)], {"1": first})

    def test_clusters_list_the_kept_document_and_its_copies(self, tmp_path: Path) -> None:
        _, first = self.publish(tmp_path, "1", [("a", story(1), None)], {})
        self.publish(tmp_path, "2", [("b", story(1), None), ("c", story(2), None), ("d", story(2), None)], {"1": first})
        assert [tuple(row.values()) for row in pq.read_table(tmp_path / "work-2" / "clusters").to_pylist()] == [
            ("1/a", "a", "1", "kept"),
            ("1/a", "b", "2", "exact"),
            ("2/c", "c", "2", "kept"),
            ("2/c", "d", "2", "exact"),
        ]


class TestBoundedWork:
    def compared(self, work: Path) -> int:
        """How many pairs of documents were compared word by word."""
        return sum(pq.read_table(folder).num_rows for folder in work.glob("tables/*-texts"))

    def test_equal_pages_cost_one_comparison_at_most(self, tmp_path: Path) -> None:
        rows = [(f"d{n:05d}", story(1), None) for n in range(3_000)]
        found = run(tmp_path, documents(tmp_path, rows))
        assert len(found) == 2_999
        assert {row["of"] for row in found} == {"d00000"}
        assert self.compared(tmp_path / "work-b") == 0

    def test_nearly_equal_pages_cost_a_comparison_each(self, tmp_path: Path) -> None:
        """Each of 600 sites put its own furniture around the page: a star, not 180,000 pairs."""
        rows = [(f"d{n:05d}", f"{story(1, 200)} {story(1000 + n, 7)}", None) for n in range(600)]
        found = run(tmp_path, documents(tmp_path, rows))
        assert len(found) == 599
        assert self.compared(tmp_path / "work-b") <= 4 * 600

    def test_a_paragraph_that_hundreds_share_is_no_copy_and_no_square(self, tmp_path: Path) -> None:
        rows = [(f"d{n:05d}", f"{story(1, 60)} {story(1000 + n, 200)}", None) for n in range(300)]
        assert run(tmp_path, documents(tmp_path, rows)) == []
        assert self.compared(tmp_path / "work-b") <= 8 * 300

    @pytest.mark.parametrize("text", ["a", "é", "中", "a ", "\U0001f600", "ab ", ".", "\n"])
    def test_a_megabyte_of_one_character(self, text: str) -> None:
        long = text * (1_000_000 // len(text.encode()))
        signed = signatures(pa.RecordBatch.from_pydict({"id": ["a"], "text": [long]})).to_pylist()
        assert all(len(row["anchors"]) <= 2 for row in signed)


class TestSharedSql:
    def test_every_query_is_one_that_spark_understands(self, tmp_path: Path) -> None:
        queries: list[str] = []

        class Listening(LocalEngine):
            def sql(self, query: str, out: str, **datasets: Dataset) -> str:
                queries.append(query)
                return super().sql(query, out, **datasets)

            def table(self, query: str, name: str, **datasets: Dataset) -> str:
                queries.append(query)
                return super().table(query, name, **datasets)

        engine = Listening(workers=1)
        first = remember(engine, documents(tmp_path, mixed(1), "published"), "1", str(tmp_path / "history"))
        search(engine, documents(tmp_path, mixed(2), "published", name="2"), {"1": first}, "2", Policy(), str(tmp_path))
        assert len(queries) > 30
        for query in queries:
            tree = sqlglot.parse_one(query, read="spark")
            functions = {type(node).__name__ for node in tree.find_all(sqlglot.exp.Func)}
            assert functions <= {"Count", "Min", "Max", "Concat", "Cast", "Case", "If", "And", "Or"}, query


@pytest.mark.parametrize("block", [1, 7, 64, 1_000])
def test_a_signature_does_not_depend_on_how_many_bytes_are_hashed_at_a_time(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [
        "",
        "w" * 3_000,
        "One two, three.",
        "ÿ",
        "桥" * 500,
        " a  bc d " * 200,
        "Καλημέρα κόσμε",
        "\n",
        "été " * 50,
    ]
    rows = pa.table({"id": [str(n) for n in range(len(texts))], "text": texts}).to_batches()[0]
    usual = signatures(rows)
    monkeypatch.setattr(folded_words, "BLOCK", block)
    assert signatures(rows) == usual


def test_an_exact_copy_falls_where_near_ones_may_stay(place: Path) -> None:
    write_jsonl(place / "in" / "a.jsonl", [*articles(5), {**articles(2)[1], "id": "copy"}])  # the others are near
    assert runs.run("in", "--workers", 1) == 0
    assert [row["id"] for row in published_rows("demo", ["id"])] == ["a0", "a1", "a2", "a3", "a4"]
