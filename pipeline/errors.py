"""The errors of Copydesk, all in one family.

    CopydeskError            exit code 1: the run failed
    |-- SettingsError        exit code 2: a setting, an option or a path given by the user is wrong
    |-- InputError           exit code 2: nothing readable where the input should be
    |   |-- NothingNewError  exit code 0: an inbox holds nothing that no other batch has read
    |   `-- NotKeptError     exit code 2: what changed since a release is not kept any more
    |-- LimitError           exit code 3: a batch is over its limits, and is not published
    |-- StoreError           exit code 1: a store, `s3://...`, does not answer
    |-- BalanceError         exit code 1: documents in and documents out do not add up
    |-- RuleError            caught per document: a rule broke its contract; the document is quarantined
    `-- RecordError          caught per record: one record cannot be read; it is quarantined with file and line

A message says where, what, and what instead, in one line; that of a `LimitError` has a line for each reason.
"""

from __future__ import annotations

from collections.abc import Sequence


class CopydeskError(Exception):
    """Base of all errors; its message is fit to be shown to the user as it is."""

    exit_code = 1


class SettingsError(CopydeskError):
    """A setting, an option or a path given by the user is wrong."""

    exit_code = 2


class InputError(CopydeskError):
    """Nothing readable where the input should be."""

    exit_code = 2


class NothingNewError(InputError):
    """An inbox holds nothing that no other batch has read: a day without news, and no failure."""

    exit_code = 0


class NotKeptError(InputError):
    """What changed since a release of the corpus is not kept any more: who follows it begins anew, with all of it."""


class LimitError(CopydeskError):
    """A batch is over its limits and is not published, for these reasons; a `report` shows it, once that is written."""

    exit_code = 3

    def __init__(self, batch: str, reasons: Sequence[str], report: str = "") -> None:
        self.batch, self.reasons = batch, tuple(reasons)
        shown = f"; its report: {report}" if report else ""
        head = f"batch {batch} is not published, and what was stays; --publish-anyway publishes it{shown}"
        super().__init__("\n".join([head, *(f"- {reason}" for reason in reasons)]))


class StoreError(CopydeskError):
    """A store does not answer as it should: nothing is known to be missing, and a later run may read it."""


class BalanceError(CopydeskError):
    """Read is not kept + dropped + quarantined: a fault of ours, never to be published."""


class RuleError(CopydeskError):
    """A rule broke its contract: overlapping hits, a span outside the text, or edits that never settle."""


class RecordError(CopydeskError):
    """One record cannot be read; `where` is `file` or `file, line N`."""
