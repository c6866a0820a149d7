"""`report.html`: what a batch did, in one file. Everything that comes from documents is escaped, and bounded.

It holds its style and its script, and by its content security policy nothing else runs in it or is fetched for it.
Without the script it is complete; with it, it can be searched.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from html import escape
from importlib import resources
from pathlib import Path

import xxhash

from pipeline.engine import whole
from pipeline.output.report import samples, sections
from pipeline.output.report.distributions import distributions
from pipeline.output.report.figures import Figures, Material
from pipeline.output.report.top import top

MOST_BYTES = 3_000_000  # of a page, whatever the batch
_KEY = re.compile(r'<meta name="copydesk-key" content="([0-9a-f]+)">')
_SEAL = re.compile(r"<!-- copydesk-seal ([0-9a-f]{16}) -->\n\Z")  # by which a page that was cut or changed is told
_DOCUMENT = re.compile(r' id="(doc-[^"]+)"')
_PLACE = re.compile(r'<section id="([a-z-]+)"')
_SECTIONS = {
    "steps": "Steps",
    "findings": "Findings",
    "documents": "Documents",
    "aside": "Set aside",
    "sources": "Sources",
    "distributions": "Distributions",
    "charsets": "Charsets",
    "fields": "Fields",
    "left-out": "Left out",
    "slowest": "Slowest rules",
    "settings": "Settings",
}
_ROOM = 40_000  # bytes for style, script and bar, and for the seal


def key_of(file: Path) -> str | None:
    """What the report at `file` was made of, as it says itself; None when it is not there, or not as it was written."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    key, seal = _KEY.search(text, 0, 2_000), _SEAL.search(text, max(0, len(text) - 200))
    return key[1] if key and seal and seal[1] == _seal(text[: seal.start()]) else None


def _seal(text: str) -> str:
    return xxhash.xxh3_64_hexdigest(text.encode())


def write(file: Path, key: str, material: Material, figures: Figures) -> None:
    """Write the report of a batch, in one step."""
    text = render(key, material, figures)
    whole.write_text(file, f"{text}<!-- copydesk-seal {_seal(text)} -->\n")


def render(key: str, material: Material, figures: Figures) -> str:
    """The page, without its seal; samples take what room is left of `MOST_BYTES`."""
    reading = material.steps[0]
    before = [*top(material, figures), *sections.stream(material)]
    after = [
        *sections.aside(material),
        *sections.sources(material, figures),
        *distributions(material, figures),
        *sections.charsets(reading.get("charsets", {})),
        *sections.fields(reading.get("fields", [])),
        *sections.left_out(reading),
        *sections.slowest(material),
        *sections.settings(material),
        f"</main>\n<script>{_part('filter.js')}</script>\n</body>\n</html>\n",
    ]
    room = MOST_BYTES - _ROOM - sum(len(piece.encode()) for piece in (*before, *after))
    documents = "".join(samples.documents(figures, room // 3))
    known = set(_DOCUMENT.findall(documents))
    room -= len(documents.encode()) + len("".join(samples.rules(material, figures, 0, known)).encode())
    content = "".join([*before, *samples.rules(material, figures, room, known), documents, *after])
    return "".join([*_head(key, material), *_bar(content), content])


def _bar(content: str) -> Iterator[str]:
    """Links to the sections that there are, and the filter, which the script shows."""
    yield '<nav id="bar" aria-label="On this page">\n'
    yield from (f'<a href="#{place}">{_SECTIONS[place]}</a>\n' for place in _PLACE.findall(content))
    yield f"{_part('filter.html')}</nav>\n"


def _head(key: str, material: Material) -> Iterator[str]:
    style = _part("style.css")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(_part('filter.js'))}; "
        "base-uri 'none'; form-action 'none'"
    )
    yield (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="copydesk-key" content="{key}">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>Copydesk: {escape(material.batch)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
    )


def _part(name: str) -> str:
    """A file that lies beside this one."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(part: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"
