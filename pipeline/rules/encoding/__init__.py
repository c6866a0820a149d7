"""The rules of the stage `encoding`: damaged characters become again what the author wrote."""

from __future__ import annotations

from pipeline.records import Rule, Verdict
from pipeline.rules.encoding import characters, escaped_bytes, escapes, punctuation, tokens
from pipeline.rules.encoding.lost import apostrophes, signs
from pipeline.rules.encoding.markup import scripts, shortcodes, stray_tags, styles, tags
from pipeline.rules.encoding.misread import gibberish, mojibake, rare_mojibake, short_mojibake, wrong_charset
from pipeline.rules.encoding.quotes import misplaced, stand_ins
from pipeline.rules.encoding.references import entities

# Rules that share a trigger are screened in one look at many texts. The groups are as large as RE2 can take without
# falling back from its fast automaton: measured on 10 MB of articles, 50 ms in all, against 280 for one look a rule
# and 1,400 for one look at all of them. A pattern that begins with a literal costs next to nothing and stands alone.
_CHARACTERS = "|".join(
    (
        short_mojibake.SHORT_TRIGGER,
        mojibake.MOJIBAKE_TRIGGER,
        rare_mojibake.SUSPECT,
        characters.CONTROL_TRIGGER,
        characters.ZERO_WIDTH_TRIGGER,
        characters.BIDI_TRIGGER,
        characters.PRIVATE_USE_TRIGGER,
        characters.ODD_SPACE_TRIGGER,
        characters.LINE_SEPARATOR_TRIGGER,
        characters.DECOMPOSED_TRIGGER,
        characters.FULL_WIDTH_TRIGGER,
        signs.LOST_TRIGGER,
        signs.LOST_DASH_TRIGGER,
        signs.LOST_LETTER_TRIGGER,
        punctuation.DOUBLED_TRIGGER,
        tokens.TOKENISED_TRIGGER,
    )
)
_REFERENCES = "|".join(
    (
        entities.SPACED_TRIGGER,
        entities.BROKEN_TRIGGER,
        apostrophes.DROPPED_TRIGGER,
        escaped_bytes.BYTES_TRIGGER,
    )
)
_SCRIPTS = "|".join((scripts.SCRIPT_TRIGGER, tags.ESCAPED_TAG_TRIGGER))
_STAND_INS = "|".join(
    (stand_ins.ACCENT_TRIGGER, stand_ins.COMMAS_TRIGGER, stand_ins.DOUBLED_TRIGGER, stand_ins.SPLIT_TRIGGER)
)
_QUOTES = "|".join((misplaced.QUOTE_TRIGGER, misplaced.UNBALANCED_TRIGGER))
_MISREAD = "|".join((wrong_charset.SUSPECT, gibberish.GIBBERISH_TRIGGER))
_ESCAPES = "|".join((escapes.CHARACTER_TRIGGER, escapes.LINE_BREAK_TRIGGER))

RULES: tuple[Rule, ...] = (
    # markup first: what is escaped beside real tags is no tag, and there are quotation marks in attributes
    Rule("encoding/escaped_tag", tags.find_escaped_tag, trigger=_SCRIPTS),
    Rule("encoding/stray_script", scripts.find_stray_script, trigger=_SCRIPTS),
    Rule("encoding/stray_style", styles.find_stray_style, trigger=styles.STYLE_TRIGGER),
    Rule("encoding/stray_tag", stray_tags.find_stray_tag, trigger=tags.TAG_TRIGGER),
    Rule("encoding/shortcode", shortcodes.find_shortcode, trigger=shortcodes.SHORTCODE_TRIGGER),
    Rule("encoding/forum_code", shortcodes.find_forum_code, trigger=shortcodes.SHORTCODE_TRIGGER),
    Rule("encoding/markdown_image", shortcodes.find_markdown_image, trigger=shortcodes.SHORTCODE_TRIGGER),
    # entities first: "&Atilde;&copy;" is mojibake only after decoding
    # whole, torn, broken: a torn one opens or closes by the marks before it, whole ones among them; the end of
    # "&amp;amp;#39;" and of "& quot;" looks like a reference without its "&"
    Rule("encoding/escaped_entity", entities.find_escaped, trigger=entities.ESCAPED_TRIGGER),
    Rule("encoding/spaced_entity", entities.find_spaced, trigger=_REFERENCES),
    Rule("encoding/broken_entity", entities.find_broken, trigger=_REFERENCES),
    Rule("encoding/teaser_mark", shortcodes.find_teaser_mark, trigger=shortcodes.TEASER_TRIGGER),
    Rule("encoding/escaped_character", escapes.find_escaped_character, trigger=_ESCAPES),
    Rule("encoding/escaped_byte", escaped_bytes.find_escaped_byte, trigger=_REFERENCES),
    Rule("encoding/escaped_line_break", escapes.find_escaped_line_break, trigger=_ESCAPES),
    # a wrong charset before mojibake, which would mend the odd letter of what is no UTF-8 at all
    Rule("encoding/wrong_charset", wrong_charset.find_wrong_charset, trigger=_MISREAD),
    # rare ones first: of a line that only they mend whole the others would mend a part; then short before long: the
    # long one is its evidence
    Rule("encoding/rare_mojibake", rare_mojibake.find_rare_mojibake, trigger=_CHARACTERS),
    Rule("encoding/short_mojibake", short_mojibake.find_short_mojibake, trigger=_CHARACTERS),
    Rule("encoding/mojibake", mojibake.find_mojibake, trigger=_CHARACTERS),
    # invisible characters after mojibake, which is made of them too: "Ã" and a soft hyphen are "í"
    Rule("encoding/control_character", characters.find_control_character, trigger=_CHARACTERS),
    Rule("encoding/zero_width", characters.find_zero_width, trigger=_CHARACTERS),
    Rule("encoding/soft_hyphen", characters.find_soft_hyphen, trigger=characters.SOFT_HYPHEN_TRIGGER),
    Rule("encoding/bidi_mark", characters.find_bidi_mark, trigger=_CHARACTERS),
    Rule("encoding/private_use", characters.find_private_use, trigger=_CHARACTERS),
    Rule("encoding/odd_space", characters.find_odd_space, trigger=_CHARACTERS),
    Rule("encoding/line_separator", characters.find_line_separator, trigger=_CHARACTERS),
    Rule("encoding/decomposed", characters.find_decomposed, trigger=_CHARACTERS),
    Rule("encoding/full_width", characters.find_full_width, trigger=_CHARACTERS),
    Rule("encoding/lost_quote", signs.find_lost_quote, trigger=_CHARACTERS),
    Rule("encoding/dropped_apostrophe", apostrophes.find_dropped_apostrophe, trigger=_REFERENCES),
    Rule("encoding/lost_dash", signs.find_lost_dash, trigger=_CHARACTERS),
    Rule("encoding/lost_letter", signs.find_lost_letter, trigger=_CHARACTERS),
    Rule("encoding/replacement_character", signs.find_replacement_character, trigger=signs.REPLACEMENT_TRIGGER),
    Rule("encoding/accent_for_apostrophe", stand_ins.find_accent_for_apostrophe, trigger=_STAND_INS),
    Rule("encoding/split_apostrophe", stand_ins.find_split_apostrophe, trigger=_STAND_INS),
    Rule("encoding/commas_for_quote", stand_ins.find_commas_for_quote, trigger=_STAND_INS),
    Rule("encoding/doubled_quote", stand_ins.find_doubled_quote, trigger=_STAND_INS),
    # punctuation last: quotation marks and stops come back from entities
    Rule("encoding/tokenised", tokens.find_tokenised, trigger=_CHARACTERS),
    Rule("encoding/doubled_full_stop", punctuation.find_doubled_full_stop, trigger=_CHARACTERS),
    Rule("encoding/misplaced_quote", misplaced.find_misplaced_quote, trigger=_QUOTES),
    Rule("encoding/unbalanced_quote", misplaced.find_unbalanced_quote, trigger=_QUOTES),
    Rule("encoding/gibberish", gibberish.find_gibberish, Verdict.QUARANTINE, trigger=_MISREAD),
)
