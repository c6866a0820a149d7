"""Structured data of a page, JSON-LD: parsed as JSON and never run, within bounds on its size and what is looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

MAX_VALUES = 20_000  # looked at in all structured data of a page
Object = dict[str, Any]

_ARTICLE_TYPE = re.compile(r"(?:Article|Posting|Report|Review|Recipe)$")
_WRAPPED = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?:-->|//\s*\]\]>|\]\]>)\s*$")


def objects(scripts: list[str]) -> Iterator[Object]:
    """Every object in the page's JSON-LD, outermost first; nearly so where there are very many."""
    left = MAX_VALUES
    for script in scripts:
        try:
            value = json.loads(_WRAPPED.sub("", script).strip().rstrip(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        queue = [value]
        while queue and left > 0:
            left -= 1
            value = queue.pop(0) if len(queue) < 100 else queue.pop()  # the first of a long list is dear to take
            if isinstance(value, dict):
                yield value
                queue += [inside for inside in value.values() if isinstance(inside, dict | list)]
            elif isinstance(value, list):
                queue += [inside for inside in value[:200] if isinstance(inside, dict | list)]


def kinds_of(value: Object) -> list[str]:
    """The types that an object says it is of."""
    kinds = value.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return [kind for kind in kinds if isinstance(kind, str)]


def article_in(found: list[Object]) -> Object:
    """The object that is the article; an empty one when there is none."""
    for value in found:
        if any(_ARTICLE_TYPE.search(kind) for kind in kinds_of(value)) and string(value.get("headline")):
            return value
    return {}


def string(value: Any) -> str:
    """A string in structured data, or the first of several; "" for anything else."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value")
    return value.strip() if isinstance(value, str) else ""
