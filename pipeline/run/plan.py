"""The plan of a run: which steps are done, which are to be made, and why. One plan serves a whole run.

A step's output is named by all that made it: settings, rules, code, versions, and the digest of its input. So whether
it is done is read off the disk, nothing stale is mistaken for current, and a step whose new output equals the old one
leaves everything behind it fresh.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.config import Settings
from pipeline.engine import whole
from pipeline.engine.protocol import Progress
from pipeline.errors import CopydeskError, InputError
from pipeline.output import manifest as manifests
from pipeline.output.manifest import Manifest
from pipeline.run import keys
from pipeline.run.batch import Batch
from pipeline.run.steps.chain import chain
from pipeline.run.steps.step import Made, Step

OLD_OUTPUTS = 1  # of each step: going back to the settings before costs nothing
MOST_REASONS = 3  # said of a step


class State(NamedTuple):
    """Whether a step's output is there and current, why not, and what its manifest says."""

    step: str
    fresh: bool
    why: str
    manifest: Manifest | None


class Plan:
    """The steps of a batch and what is known of them. What was found current stays so for the life of the plan."""

    def __init__(self, settings: Settings) -> None:
        self.batch = Batch(settings)
        self.steps = chain(self.batch)
        self._current: dict[str, Made] = {}

    def step(self, name: str) -> Step:
        """The step of that name."""
        return next(step for step in self.steps if step.name == name)

    # --- whether a step is done ---

    def made(self, step: Step) -> Made | None:
        """The step's current output; None when there is none, or only a stale one."""
        found = self._made(step.number + 1)
        return found[step.number] if len(found) > step.number else None

    def made_before(self, step: Step) -> list[Made] | None:
        """The current outputs of all steps before it; None while one of them has none."""
        found = self._made(step.number)
        return found if len(found) == step.number else None

    def _made(self, count: int) -> list[Made]:
        """The current outputs of the first steps, `count` of them, or up to the first that has none."""
        found: list[Made] = []
        for step in self.steps[:count]:
            made = self._current.get(step.name) or _look(step, found)
            if made is None:
                break
            self._current[step.name] = made
            found.append(made)
        return found

    def states(self) -> Iterator[State]:
        """Each step, whether it is fresh, and why it would run."""
        stale = ""
        for step in self.steps:
            made = None if stale else self.made(step)
            if stale:
                yield State(step.name, False, f"after {stale}", None)
            elif made:
                yield State(step.name, True, "nothing has changed", made.manifest)
            else:
                yield State(step.name, False, self._why(step), None)
                stale = step.name

    def _why(self, step: Step) -> str:
        """Why a step is to be made whose predecessors are fresh."""
        outputs = step.outputs()
        before = next((m for m in map(manifests.read, outputs) if m), None)
        if before is None:
            return step.not_whole if outputs else "never run"
        changes = keys.differences(before["made_of"], step.made_of(self.made_before(step) or []))
        more = len(changes) - MOST_REASONS
        return "; ".join(changes[:MOST_REASONS]) + (f"; and {more} more" if more > 0 else "")

    def latest(self, step: Step) -> Path | None:
        """The step's current output, or else the newest: for those who look at a batch that has changed since."""
        try:
            made = self.made(step)
        except InputError:  # the input has gone
            made = None
        return made.output if made else next((path for path in step.outputs() if manifests.read(path)), None)

    # --- making ---

    def make(self, step: Step, progress: Progress | None = None) -> None:
        """Make the step's output, unless it is done: whoever else works on this batch is waited for.

        Raises:
            CopydeskError: the step before has no output, the books do not balance, or the engine fails.
        """
        with self.batch.alone():
            if self.made(step):
                return
            before = self.made_before(step)
            if before is None:
                raise CopydeskError(f"{step.name}: the step before it has no output; run the batch from its start")
            self._current[step.name] = step.make(before, progress)
            if step is self.steps[-1]:
                self._forget_old()

    def forget(self, step: Step) -> None:
        """Remove the step's current output, so that it is made again, with what depends on it."""
        made = self.made(step)
        if made:
            step.forget(made)
        for later in self.steps[step.number :]:
            self._current.pop(later.name, None)

    def _forget_old(self) -> None:
        """Remove outputs that other settings, rules or inputs made, but for the newest of each step."""
        for step in self.steps:
            made = self.made(step)
            old = [path for path in step.outputs() if made is None or path != made.output]
            whole.remove(*old[OLD_OUTPUTS:])


def _look(step: Step, before: Sequence[Made]) -> Made | None:
    """The step's output, made of what is before it; None when it does not lie there."""
    key = keys.key_of(step.made_of(before))
    manifest = step.found(key)
    return Made(step.name, step.place(key), manifest) if manifest else None
