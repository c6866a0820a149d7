"""The rules of the stage `encoding`: damaged characters become again what the author wrote."""

from __future__ import annotations

from pipeline.records import Rule
from pipeline.rules.encoding import entities, punctuation

RULES: tuple[Rule, ...] = (
    Rule("encoding/spaced_entity", entities.find_spaced, trigger=entities.SPACED_TRIGGER),
    # whole before broken: the end of "&amp;amp;#39;" looks like a reference without its "&"
    Rule("encoding/escaped_entity", entities.find_escaped, trigger=entities.ESCAPED_TRIGGER),
    Rule("encoding/broken_entity", entities.find_broken, trigger=entities.BROKEN_TRIGGER),
    Rule("encoding/doubled_full_stop", punctuation.find_doubled_full_stop, trigger=punctuation.DOUBLED_TRIGGER),
    # quotation marks last: they come back from entities
    Rule("encoding/misplaced_quote", punctuation.find_misplaced_quote, trigger=punctuation.QUOTE_TRIGGER),
)
