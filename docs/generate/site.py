"""All pages of the site, and the site made of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from docs.generate import commands, library, navigation, rules, settings, written
from docs.generate.markup import Page
from pipeline.engine import whole
from pipeline.stages.order import STAGES
from tests import cases

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


class SiteError(Exception):
    """The site cannot be made: a link leads nowhere, or the generator is not installed."""


def pages(root: Path = ROOT) -> Iterator[Page]:
    """Every page, those that people have written first."""
    yield from written.pages(root)
    yield from rules.pages(STAGES, cases.load())
    yield from settings.pages(STAGES, (root / "configs" / "copydesk.toml").read_text(encoding="utf-8"))
    yield from commands.pages()
    yield from library.pages()


def build(out: Path) -> int:
    """Make the site in `out`, which is replaced when the new one is whole; returns the number of its pages.

    Raises:
        SiteError: something else lies in `out`; or a link or an anchor leads nowhere, as the generator says.
    """
    if out.is_dir() and any(out.iterdir()) and not (out / "sitemap.xml").is_file():
        raise SiteError(f"{out}: holds something else than a site; name another folder")
    with tempfile.TemporaryDirectory(prefix="copydesk-site-") as name:
        work = Path(name)
        number = prepare(work)
        done = subprocess.run(
            [sys.executable, "-m", "zensical", "build", "--strict"], cwd=work, capture_output=True, text=True
        )
        if done.returncode:
            said = f"{done.stdout}{done.stderr}".partition("Traceback")[0] or done.stderr
            raise SiteError(f"the site was not made:\n{said}")
        out.mkdir(parents=True, exist_ok=True)
        shutil.move(work / "site", new := out.with_name(f".{out.name}.{os.getpid()}.tmp"))
        whole.put_in_place(new, out)
    return number


def prepare(work: Path) -> int:
    """Write all pages and the settings of the generator into the folder `work`; returns how many pages there are."""
    made = list(pages())
    for page in made:
        file = work / "docs" / page.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page.text + "\n", encoding="utf-8")
    shutil.copytree(ROOT / "docs" / "images", work / "docs" / "images")
    shutil.copy(HERE / "look.css", work / "docs" / "look.css")
    menu = navigation.menu([page.path for page in made], STAGES)
    told = (HERE / "mkdocs.yml").read_text(encoding="utf-8")
    (work / "mkdocs.yml").write_text(f"{told}\nnav: {json.dumps(menu)}\n", encoding="utf-8")
    return len(made)
