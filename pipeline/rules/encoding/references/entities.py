"""Character references that a scraper, a feed or a translator left in the text, whole or broken.

There are three kinds, each with a reader and a rule of its own: whole (`&quot;`), broken (`quot;`) and torn apart
(`& quot ;`). Where a quotation mark comes back, the blanks that were put around it are mended too, since only the
reference tells that they are there by mistake.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.records import Facts, Hit
from pipeline.rules.encoding.references import readers, spacing

ESCAPED_TRIGGER = readers.WHOLE_TRIGGER
BROKEN_TRIGGER = readers.BROKEN_TRIGGER
SPACED_TRIGGER = readers.TORN_TRIGGER


def find_escaped(text: str, facts: Facts) -> Iterator[Hit]:
    """Character references that were never decoded: they become the characters they stand for, through all layers.

    `&eacute;`, `&#8217;`, `&#x27;`, `&QUOT;`, and escaped again and again: `&amp;amp;#39;`. A `<` elsewhere in the
    text does not matter. Numbers 128-159 are read as Windows-1252, as browsers do; two surrogates make one emoji.
    Blanks that were put around all of them go as in `spaced_entity`: `it &#39; s over`. Spared: names that stand for
    nothing (`R&D;`), variables in code (`f(&sum);`), references that are themselves the subject ("the entity &quot;
    stands for a quotation mark and &amp; for an ampersand").
    """
    yield from spacing.hits(text, list(readers.references(text, readers.read_whole)))


def find_broken(text: str, facts: Facts) -> Iterator[Hit]:
    """Character references that lost their `&`, `#` or `;`: they become the characters they stand for.

    `horrified,quot;`, `#39;s`, ` #36;10 million` (one scraper puts a space for the `&`, so that space goes too),
    `AT amp;T`, `&nbsp `, `caf&eacute `, `&039;`. Spared: URLs (`&copy=1`), ranks and colours (`#1;`, `#333;`, and
    `she finished #39; he` where no other reference is broken), `amp;` between plain words, and a reference that is
    itself the subject ("the word quot; means").
    """
    yield from spacing.hits(text, list(readers.references(text, readers.read_broken)))


def find_spaced(text: str, facts: Facts) -> Iterator[Hit]:
    """Character references torn apart by a translator: they become the character, and the blanks go where they belong.

    `& # 39; Liberation & # 39;` is `'Liberation'`, `Syria & # 39; s` is `Syria's`, `l & # 39; homme` is `l'homme`.
    Full-width signs count too (`＆quot；`). Which mark opens and which one closes is told by all marks of the line; a
    blank whose side cannot be told stays. Spared: names that stand for nothing (`Q & A;`), and code.
    """
    yield from spacing.hits(text, list(readers.references(text, readers.read_torn)))
