"""What stands in an archive, before it is unpacked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

CHUNK = 1 << 16  # bytes unpacked at once
# Bytes for each byte of the archive: pages of one site, packed together, come to some 50; bombs begin at 1,000.
MAX_RATIO = 200


class Member(NamedTuple):
    """A file in an archive, or what is there in its place: `reason` says why it is not read, "" if it can be.

    `pieces` unpacks it; it may raise anything, and is called before the next member is asked for, or not at all.
    """

    name: str
    reason: str
    pieces: Callable[[], Iterator[bytes]]
