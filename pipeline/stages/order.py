"""Which stages there are, and in which order they come."""

from pipeline.stages import boilerplate, duplicates, encoding, language, translation

STAGES = (
    encoding.STAGE,  # first: what is garbled matches no phrase and no language
    boilerplate.STAGE,
    language.STAGE,
    translation.STAGE,  # scores what is known to be English
    duplicates.STAGE,  # last: of several copies the one that reads best may be kept
)
