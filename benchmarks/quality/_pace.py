"""CPU time beside that of a well-known library, in the same run: machines are not alike, nor one at all hours."""

from __future__ import annotations

import time
from collections.abc import Iterable

import ftfy


def times_ftfy(spent: float, texts: Iterable[str]) -> float:
    """How many times the CPU seconds `spent` on some texts `ftfy.fix_text` takes for them."""
    start = time.process_time()
    for text in texts:
        ftfy.fix_text(text)
    return (time.process_time() - start) / spent
