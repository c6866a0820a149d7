"""How a run ended, for those who read no report: the documents by place, and why those that are missing are.

Documents read are published, dropped or quarantined, once the run has come to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from pipeline.errors import CopydeskError
from pipeline.run import books
from pipeline.run.plan import Plan
from pipeline.run.steps.step import Made
from pipeline.stages import tables


class Outcome(NamedTuple):
    """How a run ended; `published` is None when it did not come to that."""

    batch: str
    seconds: float
    read: int
    published: int | None
    dropped: int
    quarantined: int
    left_out: int  # files of the input that nobody read
    reasons: tuple[str, ...]  # the most frequent ones for which documents were dropped or quarantined
    exit_code: int = 0
    error: str = ""
    remark: str = ""  # why there was nothing to do

    @classmethod
    def failed(cls, batch: str, error: CopydeskError | OSError) -> Outcome:
        """The outcome of a run of which no more is known."""
        return cls(batch, 0, 0, None, 0, 0, 0, (), getattr(error, "exit_code", 1), in_a_line(error))

    def __str__(self) -> str:
        """One line: `published 3; dropped 1, quarantined 2, left out 0. Most often: reading: no text (2)`."""
        if self.error:
            return f"failed (exit code {self.exit_code}): {self.error}"
        if self.remark:
            return self.remark
        published = "nothing published yet" if self.published is None else f"published {self.published:,}"
        aside = f"dropped {self.dropped:,}, quarantined {self.quarantined:,}, left out {self.left_out:,}"
        often = f". Most often: {'; '.join(self.reasons)}" if self.reasons else ""
        return f"{published}; {aside}{often}"


def of(plan: Plan, seconds: float, error: CopydeskError | OSError | None = None) -> Outcome:
    """The outcome of a run that has come to its end, or to an error."""
    made: Sequence[Made] = ()
    with suppress(CopydeskError, OSError):  # the input has gone: nothing is known of the batch
        made = [found for found in map(plan.made, plan.steps) if found]
    booked = [found for found in made if "read" in found.manifest.get("counts", {})]
    publishing = [found for found in made if "published" in found.manifest.get("counts", {})]
    return Outcome(
        batch=plan.batch.name,
        seconds=round(seconds, 3),
        read=booked[0].manifest["counts"]["read"] if booked else 0,
        published=publishing[0].manifest["counts"]["published"] if publishing else None,
        dropped=sum(found.manifest["counts"]["dropped"] for found in booked),
        quarantined=sum(found.manifest["counts"]["quarantined"] for found in booked),
        left_out=sum(booked[0].manifest.get("left_out_kinds", {}).values()) if booked else 0,
        reasons=tuple(books.most_often([f.output for f in booked], [tables.DROPPED, tables.QUARANTINED])),
        exit_code=getattr(error, "exit_code", 1) if error else 0,
        error=in_a_line(error) if error else "",
    )


def in_a_line(error: CopydeskError | OSError) -> str:
    """What an error says; one that names several reasons gives each a line."""
    return "; ".join(line.removeprefix("- ") for line in str(error).splitlines())
