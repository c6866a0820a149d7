"""The body of an answer that a web server gave: put together from its chunks, unpacked, and whole; or why it is not.

Crawlers store an answer as it came, or as they have unpacked it and with the server's headers all the same. So what the
headers say of chunks, packing and length counts where the bytes look like it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

from pipeline.errors import RecordError
from pipeline.sources.streams import too_large

_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]{0,1000})?\r?\n")
_BETWEEN = re.compile(rb"\r?\n")
_PAGE = re.compile(rb"<(?:!doctype|html|head|body|meta|title|script|div|p|!--)\b", re.IGNORECASE)
_LOOKED_AT = 4096  # bytes
_GZIP = b"\x1f\x8b"  # what is packed so may hold a page as it was
_WBITS = {"gzip": (16 + zlib.MAX_WBITS,), "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}  # some send it without a head


def body_of(raw: bytes, header: Callable[[str], str | None], most: int) -> bytes:
    """The page in an answer; `header` gives the value of a header, or None.

    Raises:
        RecordError: it was broken off, cannot be unpacked, or has more than `most` bytes.
    """
    packing = (header("Content-Encoding") or "").lower().strip().removeprefix("x-").replace("identity", "")
    is_chunked = (header("Transfer-Encoding") or "").lower().strip().endswith("chunked")
    told = "" if is_chunked else (header("Content-Length") or "").strip()
    raw = _without_chunks(raw) if is_chunked else raw
    is_page = _PAGE.search(raw[:_LOOKED_AT]) is not None and not raw.startswith(_GZIP)
    is_packed = bool(packing) and not is_page
    if re.fullmatch(r"[0-9]{1,18}", told) and len(raw) < int(told) and (is_packed or not packing):
        raise RecordError(f"cut off: {len(raw):,} of the {int(told):,} bytes that the server promised")
    content = _unpacked(raw, packing, most) if is_packed else raw
    if len(content) > most:
        raise RecordError(too_large(most))
    return content


def _without_chunks(raw: bytes) -> bytes:
    """The chunks put together; what does not begin with one is there as a whole already."""
    pieces: list[bytes] = []
    at = came = 0
    while head := _CHUNK.match(raw, at):
        size = int(head[1], 16)
        if not size:
            return b"".join(pieces)
        pieces.append(raw[head.end() : head.end() + size])
        came += len(pieces[-1])
        at = head.end() + size
        if end := _BETWEEN.match(raw, at):
            at = end.end()
    if pieces:
        raise RecordError(f"cut off: no chunk follows the {came:,} bytes that came")
    return raw


def _unpacked(raw: bytes, packing: str, most: int) -> bytes:
    if not raw:
        return raw
    for wbits in _WBITS.get(packing, ()):
        try:
            return _inflated(raw, wbits, most)
        except zlib.error as error:
            fault = error
    if packing not in _WBITS:
        raise RecordError(f"packed as {packing[:40]}, which is not read")
    raise RecordError(f"the page cannot be unpacked: {fault}")


def _inflated(raw: bytes, wbits: int, most: int) -> bytes:
    """All members one after the other, as far as `most` bytes and one more."""
    content = bytearray()
    while raw and len(content) <= most:
        member = zlib.decompressobj(wbits)
        content += member.decompress(raw, most + 1 - len(content))
        if not member.eof and len(content) <= most:
            raise RecordError("cut off: the packed page ends too early")
        raw = member.unused_data.lstrip(b"\0")
    return bytes(content)
