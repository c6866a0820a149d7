"""The rules of the stage `translation`: remarks on what bad machine translation leaves behind. They never edit."""

from __future__ import annotations

from pipeline.facts.translation import marks
from pipeline.records import Rule, Verdict
from pipeline.rules.translation import debris, loops, original, prose, score

# What the original left, and what does not stand, is looked for in one look at many texts, and by itself in the 3 % of
# articles that have any of it: a look takes 3 to 4 microseconds for 2 kB, whether for one pattern or for all of these.
_ANY = "|".join(
    f"(?:{pattern})"
    for pattern in (
        *(debris.SUBWORD, debris.UNTRANSLATED, debris.TRANSLITERATION, debris.NUMBER),
        *(prose.BROKEN_BRACKET, prose.FRAGMENT),
    )
)

RULES: tuple[Rule, ...] = (
    Rule("translation/low_score", score.find_low_score, Verdict.QUARANTINE, trigger=score.low_scores),
    Rule("translation/weak_score", score.find_weak_score, trigger=score.weak_scores),
    Rule("translation/repeated_word", loops.find_repeated_words, trigger=loops.may_repeat_words),
    Rule("translation/repeated_sentence", loops.find_repeated_sentences, trigger=loops.may_repeat_sentences),
    Rule("translation/subword_debris", debris.find_subwords, trigger=(_ANY, debris.SUBWORD)),
    Rule("translation/untranslated_words", debris.find_untranslated_words, trigger=(_ANY, debris.UNTRANSLATED)),
    Rule("translation/transliteration_debris", debris.find_transliteration, trigger=(_ANY, debris.TRANSLITERATION)),
    Rule("translation/half_translated_number", debris.find_half_translated_numbers, trigger=(_ANY, debris.NUMBER)),
    Rule("translation/missing_full_stop", prose.find_missing_full_stops, trigger=prose.may_miss_full_stops),
    Rule("translation/broken_bracket", prose.find_broken_brackets, trigger=(_ANY, prose.BROKEN_BRACKET)),
    Rule("translation/sentence_fragment", prose.find_fragments, trigger=(_ANY, prose.FRAGMENT)),
    Rule("translation/pronoun_flip", prose.find_pronoun_flips, trigger=(prose.SPEAKER, prose.PRONOUN_FLIP)),
    Rule("translation/misplaced_speaker", prose.find_misplaced_speakers, trigger=(prose.SPEAKER, marks.INVERTED)),
    Rule("translation/number_mismatch", original.find_number_mismatch, trigger=original.have_originals),
    Rule("translation/name_mismatch", original.find_name_mismatch, trigger=original.have_originals),
    Rule("translation/length_mismatch", original.find_length_mismatch, trigger=original.have_originals),
    Rule("translation/source_left", original.find_source_left, trigger=original.have_originals),
)
