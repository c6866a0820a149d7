"""Names of files: as records call them, and those that tell what a file is there for."""

from __future__ import annotations

import re

# What looks like a byte that `name_of` has written: its backslash is written as one, too.
_ESCAPED = re.compile(rb"\\(?=x[0-9a-f]{2})")
# A folder of texts has them beside its articles, and no article is called so; a page about a licence may be.
_OF_OTHERS = re.compile(
    r"(?:readme|licen[sc]e|copying|requirements)\.txt|readme\.html?|"
    r"(?:dataset_infos?|dataset_dict|package(?:-lock)?)\.json",
    re.IGNORECASE,
)


def name_of(path: bytes) -> str:
    r"""A path as records name it: bytes that are not UTF-8 are written `\xe9`, and no two paths get the same name.

    >>> name_of(b"caf\xe9"), name_of(rb"caf\xe9"), name_of(rb"a\b")
    ('caf\\xe9', 'caf\\x5cxe9', 'a\\b')
    """
    return _ESCAPED.sub(rb"\\x5c", path).decode("utf-8", "backslashreplace")


def tells_of_others(name: str) -> bool:
    """Whether a file is no article but says something of those beside it.

    >>> tells_of_others("README.txt"), tells_of_others("LICENSE.txt"), tells_of_others("licence.html")
    (True, True, False)
    """
    return _OF_OTHERS.fullmatch(name) is not None
