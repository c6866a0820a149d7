"""The stage `encoding`: damaged characters become again what the author wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from pipeline.records import NO_FACTS, Finding
from pipeline.rules import encoding
from pipeline.rules.encoding.damage import REVIEWS, places
from pipeline.stages.stage import FactsOfRows, Stage

DAMAGE = pa.field("damage", pa.int32())  # places that could not be mended


def no_damage(rows: pa.RecordBatch) -> FactsOfRows:
    """What a document has that no rule says anything of."""
    return FactsOfRows([NO_FACTS] * rows.num_rows, {DAMAGE.name: [0] * rows.num_rows})


def damage(findings: Sequence[Finding]) -> Mapping[str, int]:
    """The places of damage that the rules have left in a document."""
    return {DAMAGE.name: places(findings).total()}


STAGE = Stage(
    "encoding",
    __name__,
    "mojibake, broken entities, lost and misplaced quotation marks, stray characters, markup",
    encoding.RULES,
    facts=no_damage,
    reviews=REVIEWS,
    columns=(DAMAGE,),
    counted=damage,
)
