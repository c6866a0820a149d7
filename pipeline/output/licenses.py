"""Licences as the Hugging Face Hub calls them in the head of a card.

https://huggingface.co/docs/hub/repositories-licenses; what is not on that list is `other`, with its name beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

UNKNOWN: Final = "unknown"
NAMES: Final = frozenset((
    "afl-3.0", "agpl-3.0", "apache-2.0", "artistic-2.0", "bigcode-openrail-m", "bigscience-bloom-rail-1.0",
    "bigscience-openrail-m", "bsd", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "bsl-1.0", "c-uda", "cc",
    "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0",
    "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0",
    "cc-by-sa-3.0", "cc-by-sa-4.0", "cc0-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "cdla-sharing-1.0",
    "creativeml-openrail-m", "deepfloyd-if-license", "ecl-2.0", "epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1",
    "gemma", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "isc", "lgpl", "lgpl-2.1", "lgpl-3.0", "lgpl-lr", "llama2",
    "lppl-1.3c", "mit", "mpl-2.0", "ms-pl", "ncsa", "odbl", "odc-by", "ofl-1.1", "openrail", "openrail++",
    "osl-3.0", "other", "pddl", "postgresql", "unknown", "unlicense", "wtfpl", "zlib",
))  # fmt: skip


def head(licenses: Sequence[str]) -> Iterator[str]:
    """The lines of YAML that name them.

    >>> list(head(["cc-by-4.0"])), list(head(["cc0-1.0", "our-terms"]))
    (['license: "cc-by-4.0"'], ['license:', '- "cc0-1.0"', '- "other"', 'license_name: "our-terms"'])
    """
    known = list(dict.fromkeys(name if name in NAMES else "other" for name in licenses))
    own = [name for name in licenses if name not in NAMES]
    if len(known) == 1:
        yield f'license: "{known[0]}"'
    else:
        yield "license:"
        yield from (f'- "{name}"' for name in known)
    if own:
        yield f'license_name: "{"-and-".join(own)}"'
