"""Pages that people have written, as the site has them: links that leave `docs/` lead to pages, too.

On GitHub such a link leads to a file or a folder of the project. Here it leads to the page that is made of it, or else
to one that shows it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from docs.generate import commands, library, rules, settings
from docs.generate.markup import Page, fenced

DECISIONS = "decisions/index.md"
# Files and folders of the project, and the pages that are made of them.
MADE_OF: Mapping[str, str] = {
    "configs/copydesk.toml": settings.PATH,
    "docs/decisions": DECISIONS,
    "pipeline/__init__.py": library.PATH,
    "pipeline/console": commands.PATH,
    "pipeline/rules": rules.INDEX,
}
_LINK = re.compile(r"(!?\[(?:[^\[\]]|`[^`]*`)*\]\()([^)#:\s]+)((?:#[^)]*)?\))")
_KINDS = {
    ".toml": "toml",
    ".yml": "yaml",
    ".yaml": "yaml",
    ".py": "python",
    ".sh": "sh",
    ".cfg": "ini",
    ".service": "ini",
}
_LARGE = 40_000  # characters; a longer file is named, not shown


def pages(root: Path) -> Iterator[Page]:
    """All pages in `docs/` and beside it, and of the rest of the project what they lead to."""
    docs = root / "docs"
    files = [*sorted(root.glob("*.md")), *sorted(docs.glob("*.md")), *sorted((docs / "decisions").glob("*.md"))]
    waiting = [file.relative_to(root).as_posix() for file in files]
    seen = set(waiting)
    while waiting:
        source = waiting.pop(0)
        text = _text(root, source)
        for target in _targets(text, source):
            if target not in seen and target not in MADE_OF and not target.startswith("docs/images/"):
                seen.add(target)
                waiting.append(target)
        yield Page(path_of(source), with_links(text, source))
    yield Page(DECISIONS, _decisions(docs / "decisions"))


def path_of(source: str) -> str:
    """Where the page of a file or folder of the project lies.

    >>> path_of("docs/corpus.md"), path_of("docs/README.md"), path_of("deploy"), path_of("pipeline/rules")
    ('corpus.md', 'index.md', 'project/deploy.md', 'rules/index.md')
    """
    if source in MADE_OF:
        return MADE_OF[source]
    if source == "docs/README.md":
        return "index.md"
    if source.startswith("docs/"):
        return source.removeprefix("docs/")
    return f"project/{source.removesuffix('.md').replace('README', 'readme')}.md"


def _text(root: Path, source: str) -> str:
    """What a page shows of a file or folder: Markdown as it is, others as code."""
    path = root / source
    if path.is_dir():
        shown = (_shown(file, file.name) for file in sorted(path.iterdir()) if file.is_file())
        return "\n\n".join([f"# {source}", *shown])
    return for_site(path.read_text(encoding="utf-8")) if path.suffix == ".md" else _shown(path, source, "#")


def _shown(file: Path, name: str, heading: str = "##") -> str:
    text = file.read_text(encoding="utf-8")
    if len(text) > _LARGE:
        return f"{heading} {name}\n\n{len(text):,} characters."
    return f"{heading} {name}\n\n{fenced(text, _KINDS.get(file.suffix, 'text'))}"


# --- links -----------------------------------------------------------------------------------------------------------


def _targets(text: str, source: str) -> list[str]:
    """The files and folders of the project that a page leads to."""
    return [_resolved(link, source) for _, link, _ in _LINK.findall(text)]


def _resolved(link: str, source: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))


def with_links(text: str, source: str) -> str:
    """The page of a file with links that lead to pages.

    >>> with_links("[how](../deploy), [why](decisions)", "docs/operations.md")
    '[how](project/deploy.md), [why](decisions/index.md)'
    """
    here = posixpath.dirname(path_of(source))

    def led(match: re.Match[str]) -> str:
        return f"{match[1]}{posixpath.relpath(path_of(_resolved(match[2], source)), here or '.')}{match[3]}"

    return _LINK.sub(led, text)


# --- what GitHub reads otherwise than Python-Markdown ----------------------------------------------------------------


def for_site(text: str) -> str:
    r"""A page as GitHub reads it, for a reader that wants four blanks in a list, and no backslash in a table's code.

    >>> for_site("1. One:\n\n   more")
    '1. One:\n\n    more'
    >>> for_site(r"| `a\|b` | c |")
    '| `a|b` | c |'
    """
    found, is_code = [], False
    for line in text.split("\n"):
        is_code ^= line.startswith("```")
        if not is_code and re.match(r" {3}", line):
            line = f" {line}"
        if not is_code and line.startswith("|"):
            line = re.sub(r"`[^`]+`", lambda match: match[0].replace(r"\|", "|"), line)
        found.append(line)
    return "\n".join(found)


# --- decisions -------------------------------------------------------------------------------------------------------


def _decisions(folder: Path) -> str:
    rows = [
        f"- [{file.read_text(encoding='utf-8').partition(chr(10))[0].removeprefix('# ')}]({file.name})"
        for file in sorted(folder.glob("*.md"))
    ]
    listed = "\n".join(row.replace(". ", "\\. ", 1) for row in rows)
    return f"# Decisions\n\nWhat was decided, and why; a page each, the oldest first.\n\n{listed}"
