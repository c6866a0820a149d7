"""The plan of a run: which steps are done, which are to be made, and why. One plan serves a whole run.

A step's output is named by all that made it: settings, rules, code, versions, and the digest of its input. So whether
it is done is read off the disk, nothing stale is mistaken for current, and a step whose new output equals the old one
leaves everything behind it fresh.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pipeline.config import Settings
from pipeline.engine import whole
from pipeline.engine.protocol import Progress
from pipeline.errors import CopydeskError, InputError, LimitError
from pipeline.output import manifest as manifests
from pipeline.output import release
from pipeline.output.manifest import Manifest
from pipeline.run import keys, refusal
from pipeline.run.batch import Batch
from pipeline.run.steps.chain import chain
from pipeline.run.steps.publishing import Publishing
from pipeline.run.steps.step import Made, Step
from pipeline.run.turns import Turn

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
        """The plan of the batch under these settings.

        Raises:
            CopydeskError: the output holds a corpus as an earlier version has published it.
        """
        self.batch = Batch(settings)
        release.refuse_older(self.batch.layout.output)
        self.steps = chain(self.batch)
        self.turn = Turn(self.batch.layout, self.batch.remote)
        self.remade: list[str] = []  # what was damaged or outdated and made again, in words
        self._current: dict[str, Made] = {}
        self._again: set[str] = set()  # steps to be made again although they are done
        self._damage: dict[str, str] = {}

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
            made = self._current.get(step.name) or self._look(step, found)
            if made is None:
                break
            self._current[step.name] = made
            found.append(made)
        return found

    def _look(self, step: Step, before: Sequence[Made]) -> Made | None:
        """The step's output, made of what is before it; None when it does not lie there, whole and sound."""
        if step.name in self._again:
            return None
        key = keys.key_of(step.made_of(before))
        manifest = step.found(key)
        if manifest is None:
            return None
        made = Made(step.name, step.place(key), manifest)
        return None if self._is_damaged(made, step.damage(made)) else made

    def _is_damaged(self, made: Made, damage: Sequence[str]) -> bool:
        """Whether something is wrong with an output; it is noted, and will be made again."""
        if damage:
            more = f" and {len(damage) - 1} more" if len(damage) > 1 else ""
            self._damage[made.step] = f"damaged: {made.output.name}/{damage[0]}{more}"
        return bool(damage)

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
        if step.name in self._again:
            return "made again as asked"
        if step.name in self._damage:
            return self._damage[step.name]
        outputs = step.outputs()
        last = next(((output, m) for output, m in zip(outputs, map(manifests.read, outputs), strict=True) if m), None)
        if last is None:
            return step.not_whole if outputs else "never run"
        changes = step.changes(*last, self.made_before(step) or [])
        more = len(changes) - MOST_REASONS
        return "; ".join(changes[:MOST_REASONS]) + (f"; and {more} more" if more > 0 else "")

    def latest(self, step: Step) -> Path | None:
        """The step's current output, or else the newest: for those who look at a batch that has changed since."""
        try:
            made = self.made(step)
        except InputError:  # the input has gone
            made = None
        return made.output if made else next((path for path in step.outputs() if manifests.read(path)), None)

    def go_on_without_input(self) -> str:
        """Where the input has gone, go on from what was read of it; says so in a line, "" where the input is there."""
        return self.steps[0].go_on_without_input()

    # --- making ---

    def make(self, step: Step, progress: Progress | None = None) -> None:
        """Make the step's output, unless it is done: whoever else works on this batch is waited for.

        Before a step that asks what earlier batches have published, so are runs of those batches (`turns.py`).

        Raises:
            CopydeskError: the step before has no output, the books do not balance, or the engine fails.
        """
        with self.turn:
            if step.is_judged:
                self.turn.take()
                release.recover(self.batch.layout)
                for outdated in self._outdated(step):
                    self._make(outdated)
            try:
                self._make(step, progress)
            except CopydeskError:
                with suppress(CopydeskError):  # why nothing was made is what counts
                    self.batch.tell()
                raise
            self.batch.tell()

    def expect(self) -> None:
        """Some of it is to be made: what takes time to start may start now."""
        for step in self.steps:
            if self.made(step) is None:
                self.batch.expect(step.size_read(self.made_before(step) or []))
                return

    def close(self) -> None:
        """The run is over: let go of its workers, and of its turn."""
        self.batch.close()
        self.turn.leave()

    def _outdated(self, step: Step) -> Sequence[Step]:
        """The steps before it from the first on that was made of other things than earlier batches have left by now."""
        for number, before in enumerate(self.steps[: step.number]):
            made = self._current.get(before.name)
            if made and before.is_judged and made.manifest["key"] != self._key_now(before):
                for later in self.steps[number:]:
                    self._current.pop(later.name, None)
                self.remade.append(f"{before.name} was made again: an earlier batch was published meanwhile")
                return self.steps[number : step.number]
        return ()

    def _key_now(self, step: Step) -> str:
        return keys.key_of(step.made_of(self.made_before(step) or []))

    def _make(self, step: Step, progress: Progress | None = None, mended: Set[str] = frozenset()) -> None:
        with self.batch.alone():
            if self.made(step):
                return
            before = self.made_before(step)
            if before is None:
                raise CopydeskError(f"{step.name}: the step before it has no output; run the batch from its start")
            if before:
                self.batch.goes_on_from(before[0].manifest["key"])
            damaged = self._damaged(step, before)
            if damaged is None:
                if step.name in self._again:  # all of it, not what a killed run has finished
                    whole.remove_leftovers(self.batch.layout.runs)
                self._current[step.name] = self._made_now(step, before, progress)
                self._note(step)
                if step is self.steps[-1]:
                    self._forget_old()
                return
        if damaged.name in mended:
            raise CopydeskError(
                f"{step.name}: what it reads of {damaged.name} is damaged, and was so again when that was made anew; "
                "look at the disk"
            )
        self.make(damaged)  # and then this one, of what is sound
        self._make(step, progress, mended | {damaged.name})

    def _made_now(self, step: Step, before: Sequence[Made], progress: Progress | None) -> Made:
        try:
            made = step.make(before, progress)
        except LimitError as error:
            raise refusal.write(self.batch, keys.key_of(step.made_of(before)), error, before) from error
        if step.name == Publishing.name:
            refusal.withdraw(self.batch.layout)
        return made

    def refused(self) -> list[str]:
        """Why the batch, as it is, may not be published; nothing if it is, or if nobody has tried."""
        step = self.step(Publishing.name)
        before = self.made_before(step)
        if before is None or self.made(step):
            return []
        return refusal.reasons(self.batch.layout, keys.key_of(step.made_of(before)))

    def _damaged(self, step: Step, before: Sequence[Made]) -> Step | None:
        """The first step whose output this one would read and cannot: its bytes are looked at."""
        for made, dataset in step.reads(before):
            if self._is_damaged(made, manifests.damage(made.output, made.manifest, dataset, content=True)):
                damaged = self.step(made.step)
                self._again.add(damaged.name)
                for later in self.steps[damaged.number :]:
                    self._current.pop(later.name, None)
                return damaged
        return None

    def _note(self, step: Step) -> None:
        """The step was made."""
        self._again.discard(step.name)
        if step.name in self._damage:
            self.remade.append(f"{step.name} was {self._damage.pop(step.name)}; it was made again")

    def again(self, step: Step) -> None:
        """Make the step again although it is done: what lies there stays until something else is there in its place."""
        self._again.add(step.name)
        for later in self.steps[step.number :]:
            self._current.pop(later.name, None)

    def retry(self, *, archived: bool = False) -> dict[str, int]:
        """Make those steps again that hold documents in quarantine, of these parts alone; returns how many they hold.

        Reading is not among them when its input is `archived`.
        """
        found: dict[str, int] = {}
        for step in self.steps[int(archived) :]:
            made = self.made(step) if step.has_books else None
            if made and made.manifest["counts"]["quarantined"]:
                found[step.name] = made.manifest["counts"]["quarantined"]
        for name in found:
            self.step(name).is_retried = True
            self.again(self.step(name))
        return found

    def _forget_old(self) -> None:
        """Remove outputs that other settings, rules or inputs made, but for the newest of each step."""
        for step in self.steps:
            made = self.made(step)
            old = [path for path in step.outputs() if made is None or path != made.output]
            whole.remove(*old[OLD_OUTPUTS:])
        whole.remove_leftovers(self.batch.layout.runs)  # finished parts that nobody came back for
