"""Fixtures of several test files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline import config


@pytest.fixture(scope="session", autouse=True)
def _cache_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests leave nothing in the cache of whoever runs them."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in. The articles that tests make are much alike, and are to stay."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    rules = ("duplicates/near_copy", "duplicates/contained_copy")
    (tmp_path / config.DEFAULT_FILE).write_text("".join(f'[rules."{rule}"]\nenabled = false\n' for rule in rules))
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
