"""Metadata: what a record holds beside its text, as JSON that UTF-8 can hold and that every parser reads."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from pipeline.errors import RecordError

MAX_DEPTH = 100  # whoever reads it again has a stack of his own: Python's parser gives up below a thousand

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=str).encode
_encode_escaped = json.JSONEncoder(ensure_ascii=True, allow_nan=False, default=str).encode


def as_json(meta: Mapping[str, Any]) -> str:
    r"""The metadata as a JSON object. Values that JSON has no name for become strings: days, bytes, NaN.

    >>> as_json({"score": float("nan"), "limits": [1, float("-inf")], "half": "\ud800"})
    '{"score": "NaN", "limits": [1, "-Infinity"], "half": "\\ud800"}'

    Raises:
        RecordError: it is nested deeper than `MAX_DEPTH`.
    """
    try:
        try:
            text = _encode(meta)
        except ValueError:
            meta = _with_names(meta)
            text = _encode(meta)
    except RecursionError as error:
        raise RecordError(_too_deep()) from error
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(meta) > MAX_DEPTH:
        raise RecordError(_too_deep())
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair: JSON can say it, UTF-8 cannot
        text = _encode_escaped(meta)
    return text


def _too_deep() -> str:
    return f"metadata nested deeper than {MAX_DEPTH} levels"


def _with_names(value: Any) -> Any:
    """The value with strings for the numbers that JSON has no name for."""
    if isinstance(value, Mapping):
        return {key: _with_names(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_with_names(inner) for inner in value]
    return json.dumps(value) if isinstance(value, float) and not math.isfinite(value) else value


def _depth(value: Any) -> int:
    """How many objects and lists stand in each other at most, the outermost one included."""
    depth, level = 0, [value]
    while level:
        nests = [inner.values() if isinstance(inner, Mapping) else inner for inner in level if _is_nest(inner)]
        level = [inner for nest in nests for inner in nest]
        depth += bool(nests)
    return depth


def _is_nest(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)
