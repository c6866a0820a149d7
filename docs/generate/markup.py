"""Text from code and cases as HTML that stands for nothing but itself.

What comes out is on one line: no Markdown is read within it, whatever the text holds.
"""

from __future__ import annotations

import html
import inspect
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Page(NamedTuple):
    """A page of Markdown, and where it lies among the others."""

    path: str
    text: str


# Categories of Unicode that leave nothing to see, or change what stands beside them.
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Zs"}
_PLAIN = " \n"


def escaped(text: str) -> str:
    r"""The text for HTML, on one line.

    >>> escaped("<b>\n`")
    '&lt;b&gt;&#10;&#96;'
    """
    return html.escape(text).replace("`", "&#96;").replace("\n", "&#10;").replace("\t", "&#9;").replace("\r", "&#13;")


def visible(text: str) -> str:
    r"""The text for a `<pre>`: characters that cannot be seen are named, and a line end has its sign.

    >>> visible("a\u200bb\n")
    'a<i class="unseen" title="ZERO WIDTH SPACE">U+200B</i>b<i class="unseen">↵</i>&#10;'
    """
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character == "\n":
        return '<i class="unseen">↵</i>&#10;'
    if character in _PLAIN or unicodedata.category(character) not in _UNSEEN:
        return escaped(character)
    name = escaped(unicodedata.name(character, "a character without a name"))
    return f'<i class="unseen" title="{name}">U+{ord(character):04X}</i>'


def inline(text: str) -> str:
    """A sentence of a docstring: what stands in backticks is code.

    >>> inline("`a < b` & c")
    '<code>a &lt; b</code> &amp; c'
    """
    pieces = re.split(r"(``.+?``|`[^`]+`)", " ".join(text.split()))
    return "".join(
        f"<code>{escaped(piece.strip('`').strip())}</code>" if number % 2 else escaped(piece)
        for number, piece in enumerate(pieces)
    )


def prose(documentation: str) -> str:
    """A docstring: its paragraphs, lists, and what is indented as code."""
    return "\n\n".join(_block(block) for block in re.split(r"\n\s*\n", documentation) if block.strip())


def _block(block: str) -> str:
    first = block.lstrip("\n")
    if first.startswith(("* ", "- ")):
        items = re.split(r"^[*-] ", block, flags=re.MULTILINE)[1:]
        return f"<ul>{''.join(f'<li>{inline(item)}</li>' for item in items)}</ul>"
    if first.startswith("    ") or ">>> " in block:
        return f"<pre><code>{escaped(inspect.cleandoc(block))}</code></pre>"
    if block.startswith("Raises:"):
        told = [line.strip().partition(": ") for line in re.split(r"\n(?= {4}\w)", block)[1:]]
        return f"<p>Raises</p><ul>{''.join(f'<li>{code(name)}: {inline(why)}</li>' for name, _, why in told)}</ul>"
    return f"<p>{inline(block)}</p>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already."""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def code(text: object) -> str:
    """A word of code, which breaks where its parts meet.

    >>> code("min_score")
    '<code>min_<wbr>score</code>'
    """
    parts = re.split(r"(?<=[_/])(?=\w)", str(text))
    return f"<code>{'<wbr>'.join(map(escaped, parts))}</code>"


def fenced(text: str, kind: str) -> str:
    """A file or an output as a block of code, whatever fences it holds itself."""
    longest = max((len(found) for found in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{kind}\n{text.rstrip()}\n{fence}"
