"""Fixtures of several test files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine.local import LocalEngine
from tests import s3
from tests.browser import opened
from tests.press import Press
from tests.runs import articles, keep_copies, published


@pytest.fixture(scope="session", autouse=True)
def _cache_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests leave nothing in the cache of whoever runs them."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in. The articles that tests make are much alike, and are to stay."""
    monkeypatch.chdir(tmp_path)
    keep_copies(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def two_published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two published batches, `b1` of the articles `a0` to `a2` and `b2` of `a3` and `a4`."""
    return published(tmp_path_factory.mktemp("published"), {"b1": articles(3), "b2": articles(5, 3)})


@pytest.fixture
def two(two_published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    shutil.copytree(two_published, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Mapping[str, str]]:
    """A server that speaks as S3 does; the variables by which it is found."""
    pytest.importorskip("moto")
    with s3.serving() as found:
        yield found


@pytest.fixture
def bucket(s3_server: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> s3.Bucket:
    """A bucket of its own in that server, which this process finds."""
    import botocore.session

    for name, value in s3_server.items():
        monkeypatch.setenv(name, value)
    return s3.Bucket(botocore.session.get_session().create_client("s3"))


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with closing(LocalEngine(1)) as local:
        yield local


@pytest.fixture
def press(tmp_path: Path, engine: LocalEngine) -> Press:
    return Press(tmp_path, engine)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser; without one the test is skipped."""
    with opened() as found:
        yield found
