"""The rules of the stage `translation`: remarks on what bad machine translation leaves behind. They never edit."""

from __future__ import annotations

from pipeline.facts.translation import marks
from pipeline.records import Rule, Verdict
from pipeline.rules.translation import debris, loops, original, prose, score

RULES: tuple[Rule, ...] = (
    Rule("translation/low_score", score.find_low_score, Verdict.QUARANTINE),
    Rule("translation/weak_score", score.find_weak_score),
    Rule("translation/repeated_word", loops.find_repeated_words),
    Rule("translation/repeated_sentence", loops.find_repeated_sentences, trigger=loops.REPEATED_SENTENCE),
    Rule("translation/subword_debris", debris.find_subwords, trigger=debris.SUBWORD),
    Rule("translation/untranslated_words", debris.find_untranslated_words, trigger=debris.UNTRANSLATED),
    Rule("translation/transliteration_debris", debris.find_transliteration, trigger=debris.TRANSLITERATION),
    Rule("translation/half_translated_number", debris.find_half_translated_numbers, trigger=debris.NUMBER),
    Rule("translation/missing_full_stop", prose.find_missing_full_stops, trigger=prose.NO_FULL_STOP),
    Rule("translation/broken_bracket", prose.find_broken_brackets, trigger=prose.BROKEN_BRACKET),
    Rule("translation/sentence_fragment", prose.find_fragments, trigger=prose.FRAGMENT),
    Rule("translation/pronoun_flip", prose.find_pronoun_flips, trigger=prose.PRONOUN_FLIP),
    Rule("translation/misplaced_speaker", prose.find_misplaced_speakers, trigger=marks.INVERTED),
    Rule("translation/number_mismatch", original.find_number_mismatch),
    Rule("translation/name_mismatch", original.find_name_mismatch),
    Rule("translation/length_mismatch", original.find_length_mismatch),
    Rule("translation/source_left", original.find_source_left),
)
