"""The rules of the stage `encoding`: damaged characters become again what the author wrote."""

from __future__ import annotations

from pipeline.records import Rule
from pipeline.rules.encoding import (
    apostrophes,
    characters,
    entities,
    escapes,
    lost,
    mojibake,
    punctuation,
    short_mojibake,
    tokens,
)

RULES: tuple[Rule, ...] = (
    # entities first: "&Atilde;&copy;" is mojibake only after decoding
    Rule("encoding/spaced_entity", entities.find_spaced, trigger=entities.SPACED_TRIGGER),
    # whole before broken: the end of "&amp;amp;#39;" looks like a reference without its "&"
    Rule("encoding/escaped_entity", entities.find_escaped, trigger=entities.ESCAPED_TRIGGER),
    Rule("encoding/broken_entity", entities.find_broken, trigger=entities.BROKEN_TRIGGER),
    Rule("encoding/escaped_character", escapes.find_escaped_character, trigger=escapes.CHARACTER_TRIGGER),
    Rule("encoding/escaped_line_break", escapes.find_escaped_line_break, trigger=escapes.LINE_BREAK_TRIGGER),
    # short before long: the long one is its evidence
    Rule("encoding/short_mojibake", short_mojibake.find_short_mojibake, trigger=short_mojibake.SHORT_TRIGGER),
    Rule("encoding/mojibake", mojibake.find_mojibake, trigger=mojibake.MOJIBAKE_TRIGGER),
    # invisible characters after mojibake, which is made of them too: "Ã" and a soft hyphen are "í"
    Rule("encoding/control_character", characters.find_control_character, trigger=characters.CONTROL_TRIGGER),
    Rule("encoding/zero_width", characters.find_zero_width, trigger=characters.ZERO_WIDTH_TRIGGER),
    Rule("encoding/soft_hyphen", characters.find_soft_hyphen, trigger=characters.SOFT_HYPHEN_TRIGGER),
    Rule("encoding/bidi_mark", characters.find_bidi_mark, trigger=characters.BIDI_TRIGGER),
    Rule("encoding/private_use", characters.find_private_use, trigger=characters.PRIVATE_USE_TRIGGER),
    Rule("encoding/odd_space", characters.find_odd_space, trigger=characters.ODD_SPACE_TRIGGER),
    Rule("encoding/line_separator", characters.find_line_separator, trigger=characters.LINE_SEPARATOR_TRIGGER),
    Rule("encoding/decomposed", characters.find_decomposed, trigger=characters.DECOMPOSED_TRIGGER),
    Rule("encoding/full_width", characters.find_full_width, trigger=characters.FULL_WIDTH_TRIGGER),
    Rule("encoding/lost_quote", lost.find_lost_quote, trigger=lost.LOST_TRIGGER),
    Rule("encoding/dropped_apostrophe", apostrophes.find_dropped_apostrophe, trigger=apostrophes.DROPPED_TRIGGER),
    Rule("encoding/lost_dash", lost.find_lost_dash, trigger=lost.LOST_DASH_TRIGGER),
    Rule("encoding/replacement_character", lost.find_replacement_character, trigger=lost.REPLACEMENT_TRIGGER),
    # punctuation last: quotation marks and stops come back from entities
    Rule("encoding/tokenised", tokens.find_tokenised, trigger=tokens.TOKENISED_TRIGGER),
    Rule("encoding/doubled_full_stop", punctuation.find_doubled_full_stop, trigger=punctuation.DOUBLED_TRIGGER),
    Rule("encoding/misplaced_quote", punctuation.find_misplaced_quote, trigger=punctuation.QUOTE_TRIGGER),
    Rule("encoding/unbalanced_quote", punctuation.find_unbalanced_quote, trigger=punctuation.UNBALANCED_TRIGGER),
)
