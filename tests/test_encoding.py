"""The stage `encoding` as a whole: the seeds, hostile input, and agreement with ftfy."""

from __future__ import annotations

import re
import time
from pathlib import Path

import ftfy
import pytest
from ftfy.badness import is_bad
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from benchmarks import damage
from pipeline import config, edits
from pipeline.records import NO_FACTS, Document, Verdict
from pipeline.rules import encoding
from pipeline.rules.encoding import subject
from pipeline.rules.encoding.misread import mojibake
from pipeline.rules.encoding.urls import in_url
from pipeline.stages import encoding as stage
from pipeline.stages.stage import run

SEEDS = Path(__file__).resolve().parents[1] / "seeds"


def clean(text: str) -> str:
    after, findings = edits.run(text, encoding.RULES)
    assert edits.revert(after, findings) == text
    return after


@pytest.mark.parametrize("name", ["000_e7ac5253860ec0da.txt", "002_36873d84efbc44f9.txt"])
def test_a_seed_without_damage_comes_out_byte_for_byte(name: str) -> None:
    text = (SEEDS / name).read_text(encoding="utf-8")
    assert clean(text) == text


def test_the_translated_seed_gets_its_five_repairs_and_no_other() -> None:
    text = (SEEDS / "001_2059845ff647bd54.txt").read_text(encoding="utf-8")
    expected = text
    for before, after in (
        ('"horrified,quot;', '"horrified,"'),
        ("& # 39; Liberation & # 39;", "'Liberation'"),
        ("infrastructure..", "infrastructure."),
        ('accidental. "', 'accidental."'),
        ('warm clothes, "the charity', 'warm clothes," the charity'),
    ):
        assert expected.count(before) == 1
        expected = expected.replace(before, after)
    assert clean(text) == expected


# --- The same as ftfy, line by line ---------------------------------------------------------------------------------

MOJIBAKE = "ÃÂâ€™œ\u009d©®ŠžĂŃРВГÐÑðŸ˜”“–—…√≈┬├α×Ø \u00a0\u00ad\u0085\u0092\ufffd?aé1"
ENCODINGS = ("sloppy-windows-1252", "sloppy-windows-1251", "sloppy-windows-1250", "latin-1", "macroman", "cp437")


def misread(text: str, encoding: str, layers: int) -> str:
    for _ in range(layers):
        text = text.encode("utf-8", "replace").decode(encoding, "replace")
    return text


READ_WRONG = st.builds(misread, st.text(max_size=12), st.sampled_from(ENCODINGS), st.integers(1, 2))
PIECES = st.one_of(st.text(max_size=10), st.text(MOJIBAKE, max_size=10), READ_WRONG, st.just("\n"))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.lists(PIECES, max_size=5).map("".join))
def test_mojibake_is_mended_as_ftfy_does_it_line_by_line(text: str) -> None:
    assume(not subject.TRADE.search(text))  # a text may speak of damage
    after, _ = edits.apply(text, "encoding/mojibake", mojibake.find_mojibake(text, NO_FACTS))
    assert after == re.sub(r"[^\n]+?(?=\r?\n|$)", lambda line: by_ftfy(line[0]), text)


def by_ftfy(line: str) -> str:
    """What ftfy makes of a line, unless it fails, and does not for the line with a byte that was stripped off."""
    fixed = ftfy.fix_encoding(line)
    return mojibake.mended_whole(line) or fixed if is_bad(fixed) else fixed


def test_a_mended_stretch_is_as_short_as_its_damage() -> None:
    text = "Le cafÃ© de l'Ã©tÃ© Ã  NÃ®mes, et rien d'autre"
    hits = list(mojibake.find_mojibake(text, NO_FACTS))
    assert [text[hit.start : hit.end] for hit in hits] == ["Ã©", "Ã©", "Ã©", "Ã ", "Ã®"]


# --- Strings that break programs --------------------------------------------------------------------------------

UNHARMED = [
    "",
    " ",
    "undefined null NaN None nil (null) true false 0x0 1e309 -Infinity",
    "`~!@#$%^*()_+-={}[]|:<>,.?/",
    "Ω≈ç√∫˜µ≤≥÷ åß∂ƒ©˙∆˚¬…æ œ∑´®†¥¨ˆøπ ¡™£¢∞§¶•ªº–≠ ¸˛Ç◊ı˜Â¯˘¿ ÅÍÎÏ˝ÓÔ \uf8ffÒÚÆ☃",
    "田中さんにあげて下さい 和製漢語 部落格 社會科學院語學研究所 울란바토르 𠜎𠜱𠝹𠱓",
    "ヽ༼ຈل͜ຈ༽ﾉ ( ͡° ͜ʖ ͡°) (╯°□°）╯︵ ┻━┻ ¯\\_(ツ)_/¯ (｡◕ ∀ ◕｡) ｀ｨ(´∀｀∩",
    "😍 👩🏽 👾 🙇 💁 🙅 🙆 👨‍👩‍👧 🏳️‍🌈 🇺🇸🇷🇺 0️⃣ 1️⃣ ✋🏿",
    "１２３ ٤٥٦ १२३ ௧௨௩ 中",
    "ثم نفس سقطت وبالتحديد،, جزيرتي باستخدام أن دنو. إذ هنا؟",
    "בְּרֵאשִׁית, בָּרָא אֱלֹהִים, אֵת הַשָּׁמַיִם",
    "الكل في المجمو\u200cعة (5) می\u200cشود ܫܠܡܐ",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
    "˙ɐnbᴉlɐ ɐuƃɐɯ ǝɹolop ʇǝ ǝɹoqɐl ʇn",
    "𝐓𝐡𝐞 𝕢𝕦𝕚𝕔𝕜 𝒷𝓇𝑜𝓌𝓃 ⓕⓞⓧ 🅹🆄🅼🅿🆂 ⒪⒱⒠⒭",
    "<grin> <he> List<String> a < b && c > d <3 >:-< <-- --> <a@b.c> <http://a.b> <T> <?> <>",
    "[sic] [...] [1][2] [The] [citation needed] [laughs] [x=3] a[i] = b[j]; [video] [b] {x} {{y}}",
    "1;DROP TABLE users -- 1' OR 1=1 ' OR 'a'='a' %00 ../../../etc/passwd $HOME `ls` $(touch x)",
    "%s%s%n %*.*s {0} {{7*7}} ${7*7} #{x} <%= 1 %> [[ ]] {% %}",
    "for (int i = 0; i < n && ok; i++) { a[i] = &b[i]; x |= y << 2; } // T& operator=(const T &copy);",
    "if [ -n \"$a\" ]; then make && ./run 2>&1 & fi; sed 's/&/and/g; s/;/,/'",
    "SELECT a, b FROM t WHERE c <> 'x' AND d IN (1, 2);",
    'C:\\new\\temp\\users \\\\server\\share ^\\d+\\s*[a-z]\\.\\w{2,}$ \\frac{a}{b} \\alpha na\\"ive',
    "AT&T R&D; Q&A B&Q; M&S. Simon & Schuster; http://a.b/?x=1&copy=2&amp=3&lt=4 #39 #1; &; & ;",
    "Scunthorpe Penistone Lightwater Dick Van Dyke; an aliquot; a guitar amp; modern times; his copy;",
    "Roses are red, violets are blue. Hope you enjoy terminal hue",
    "He's 5' 10\", she's 5'2\"; a 3.5\" disk, 40\" TV. '90s rock 'n' roll, dogs' bowls, \"'Tis\"",
    "Wait... what?! No.... Yes!! Etc. e.g. i.e. U.S. 3.14 1,000 1.000,50 12:30 10/12",
    "¿Qué? ¡No! «Oui\u00a0!» „Nein“ »Ja« ‚so‘ ‹da› “x” 「はい」 『いいえ』 《是》",
    "Est-ce que\u00a0? Oui\u202f; non\u00a0: peut-être ! L’été, l'hiver. N° 5, 20\u00a0%",
    "Karen, London, Wisconsin, children, a siren, Sven, YouTube, McDonald, iPhone, FiveThirtyEight",
]


@pytest.mark.parametrize("text", UNHARMED)
def test_a_string_that_breaks_programs_passes_unharmed(text: str) -> None:
    assert clean(text) == text


RECORDED = {
    'x <script>alert(1)</script> <img src=x onerror=alert(1) /> <a href="javascript:x">y</a>': "x y",
    "a\x00b\x07c\x1fd\x7f": "abcd",
    "\ufeffBOM\ufeff": "BOM",
    "zero\u200bwidth\u2060word": "zerowidthword",
    "\u202etest\u202c \u2066x\u2069": "test x",
    "Don&#39;t &lt;b&gt; &amp;amp; &quot;": "Don't <b> & \"",
    "one\u2028two": "one\ntwo",
    "e\u0301\u0302": "é\u0302",
}


@pytest.mark.parametrize(("before", "after"), RECORDED.items())
def test_what_is_changed_is_recorded(before: str, after: str) -> None:
    assert clean(before) == after


@pytest.mark.parametrize(
    "unit", ["&amp;", "amp;", "#39;", "& # 39; ", " quot;", '" ', "?a", "\\", "Ã ", "e\u0301", ".. ", ", ,"]
)
def test_a_hostile_line_is_read_to_its_end(unit: str) -> None:
    """Thousands of one and the same damage in one line: bounded work, and the books still balance."""
    text = "x " + unit * 4000
    for rule in encoding.RULES:
        after, findings = edits.apply(text, rule.name, rule.find(text, NO_FACTS))
        assert edits.revert(after, findings) == text


# --- What the context has to prove --------------------------------------------------------------------------------

LOST = {
    # one quotation inside another
    "He said, ??Lyin,? they called him, and left,? she said. They don?t know.": (
        "He said, “‘Lyin,’ they called him, and left,” she said. They don’t know."
    ),
    # whose it is, inside a quotation that ends further on, and outside of any
    "She said, ?The embeds? tweets are gone now,? and left. They don?t care.": (
        "She said, “The embeds’ tweets are gone now,” and left. They don’t care."
    ),
    "They don?t know. The towns? walls fell, he said, ?No,? and left.": (
        "They don’t know. The towns’ walls fell, he said, “No,” and left."
    ),
    # what opened the quotation was dropped
    "They don?t know. It was good,? he said. He said, ?No,? and left.": (
        "They don’t know. It was good,” he said. He said, “No,” and left."
    ),
    # a question inside a quotation: before the mark that closes it, and before another quotation
    "They don?t know. He said, ?Why did they?? and then ?Go,? she said.": (
        "They don’t know. He said, “Why did they?” and then “Go,” she said."
    ),
    "He said, ?Is it so? I ask,? and left. They don?t know.": "He said, “Is it so? I ask,” and left. They don’t know.",
    "He said, ?Is it so? ?And why not,? he asked. They don?t know.": (
        "He said, “Is it so? “And why not,” he asked. They don’t know."
    ),
    "They don?t know ?90s music. He said, ?No,? and left.": "They don’t know ’90s music. He said, “No,” and left.",
    "O?Brien said, ?No,? and l?homme left. They don?t know.": "O’Brien said, “No,” and l’homme left. They don’t know.",
}
DROPPED = {
    "I don t know. You can t go, they won t say.": "I don’t know. You can’t go, they won’t say.",
    # the other tails, where it happened twice
    "He wasn clear; hedidn go. It was late.They here, so.He gone.": (
        "He wasn’t clear; he didn’t go. It was late. They’re here, so. He’s gone."
    ),
    "verylongverylongverylongwordwasn clear, hedidn go": "verylongverylongverylongwordwasn clear, he didn’t go",
}
ENTITIES = {
    "AT&amp;T; and R&amp;D;": "AT&T; and R&D;",  # no names, but a sign before them
    "Done &copy the rest, &copy 2019, &reg x": "Done &copy the rest, © 2019, &reg x",
    "a lt;b gt;bold": "a<b>bold",
    "x &#xFDD0; y &#65535; z": "x &#xFDD0; y &#65535; z",  # no characters by definition
    'He said "no" & quot; yes & quot; .': 'He said "no" "yes".',
    "One.&#13;\nTwo.": "One.\nTwo.",
}


@pytest.mark.parametrize(("before", "after"), [*LOST.items(), *DROPPED.items(), *ENTITIES.items()])
def test_what_was_lost_comes_back_where_the_context_proves_it(before: str, after: str) -> None:
    assert clean(before) == after


def test_an_address_is_looked_at_back_to_its_start_and_no_farther_than_its_length() -> None:
    text = "see http://a.org/" + "x" * 50 + "?y=1 and more"
    at = text.index("?")
    assert in_url(text, at, re.compile("://"), longest=100)
    assert not in_url(text, at, re.compile("://"), longest=20)
    assert not in_url(text, len(text), re.compile("://"), longest=100)


# --- What holds for the stage as a whole ----------------------------------------------------------------------


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6))
def test_several_kinds_of_damage_in_one_text_are_all_undone(seed: int) -> None:
    damaged, injections = damage.damage(ARTICLE, seed)
    assert injections
    assert clean(damaged) == ARTICLE


ARTICLE = """Zoë Müller told the council on Tuesday that the café would close, and that she'd had enough of it.
“It wasn’t our fault,” said the owner – a man of 52 years – as 350 guests left.
"We have paid $4,500 already," he said, adding that they don't want the other "temporary solution" at all.
The city's lawyers weren't there. Their firm, Smith & Sons, has asked for 12,000 pages of records.

Nobody knows what will become of the place, the mayor said on Friday after a long and open debate.
"They'll find another one," she said. "And then we'll see."
"""


def test_damage_that_stays_is_one_remark_and_a_number() -> None:
    result = run(stage.STAGE, Document("a", "The caf\ufffd is open, and the h\ufffdtel is not. It's late."))
    assert result.verdict is Verdict.KEEP
    assert [f.detail for f in result.findings if f.rule == "encoding/damage_left"] == [
        "2 places: replacement_character 2"
    ]
    assert stage.damage(result.findings) == {"damage": 2}
    assert stage.damage(run(stage.STAGE, Document("a", "All is well, and it&#39;s late.")).findings) == {"damage": 0}


def test_a_document_with_more_damage_than_a_reader_would_put_up_with_is_set_aside() -> None:
    text = "Das B\ufffdro er\ufffdffnet im Fr\ufffdhjahr f\ufffdr alle B\ufffdrger. "
    result = run(stage.STAGE, Document("a", text))
    assert result.verdict is Verdict.QUARANTINE
    assert re.match(r"encoding/too_damaged: \d+\.\d > 10\.0 in 1,000 characters; 5 places: ", result.reason)
    assert run(stage.STAGE, Document("a", text + "All is well in this town. " * 30)).verdict is Verdict.KEEP
    spared = config.parse([stage.STAGE], {"rules": {"encoding/too_damaged": {"max_damage": 1000}}}, "test").stage(
        "encoding"
    )
    assert run(spared, Document("a", text)).verdict is Verdict.KEEP


UNENDING = (
    *("<", "<b>", "<p>x", "<!--", "<a href=", '<a b="', "<script>", "tag <b> ", "[caption ", "[b]x[/b]", "[/", "![a]("),
    *(
        "(adsbygoogle = ",
        "var x = {",
        "function(",
        '{"@context":',
        "@media (x) {",
        "a { color: red; }\n",
        "u003cb",
        "x{",
    ),
)


@pytest.mark.parametrize("piece", UNENDING)
def test_markup_without_end_takes_no_more_than_its_length(piece: str) -> None:
    """A hundred thousand characters: what grows with the square of them takes minutes."""
    started = time.process_time()
    clean((piece * 100_000)[:100_000])
    assert time.process_time() - started < 20  # it is below half a second


def test_rules_of_one_look_share_a_trigger() -> None:
    """All rows are looked at once for each trigger, so that there must be few."""
    assert len({rule.trigger for rule in encoding.RULES}) <= 15
