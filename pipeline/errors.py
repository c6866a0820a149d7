"""The errors of Copydesk, all in one family.

    CopydeskError            exit code 1: the run failed
    |-- SettingsError        exit code 2: a setting, an option or a path given by the user is wrong
    |-- InputError           exit code 2: nothing readable where the input should be
    |-- LimitError           exit code 3: more documents set aside or dropped than a batch may have to be published
    |-- BalanceError         exit code 1: documents in and documents out do not add up
    |-- RuleError            caught per document: a rule broke its contract; the document is quarantined
    `-- RecordError          caught per record: one record cannot be read; it is quarantined with file and line

A message says where, what, and what instead, in one line.
"""

from __future__ import annotations


class CopydeskError(Exception):
    """Base of all errors; its message is fit to be shown to the user as it is."""

    exit_code = 1


class SettingsError(CopydeskError):
    """A setting, an option or a path given by the user is wrong."""

    exit_code = 2


class InputError(CopydeskError):
    """Nothing readable where the input should be."""

    exit_code = 2


class LimitError(CopydeskError):
    """More documents were set aside or dropped than a batch may have to be published."""

    exit_code = 3


class BalanceError(CopydeskError):
    """Read is not kept + dropped + quarantined: a fault of ours, never to be published."""


class RuleError(CopydeskError):
    """A rule broke its contract: overlapping hits, a span outside the text, or edits that never settle."""


class RecordError(CopydeskError):
    """One record cannot be read; `where` is `file` or `file, line N`."""
