"""The stage `encoding`: damaged characters become again what the author wrote."""

from pipeline.rules import encoding
from pipeline.stages.stage import Stage

STAGE = Stage(
    "encoding",
    __name__,
    "mojibake, broken entities, lost and misplaced quotation marks, stray characters",
    encoding.RULES,
)
