"""A real browser, in which pages are looked at that the project makes."""

from __future__ import annotations

import contextlib
import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of the folder."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def opened() -> Iterator[Any]:
    """Chromium, without a window; where there is none the test is skipped."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium here, in which pages are looked at: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu", *quiet])


@contextlib.contextmanager
def looked_at(
    browser: Any, home: str, *, width: int = 1440, scheme: str = "light", script: bool = True
) -> Iterator[tuple[Any, list[str]]]:
    """An empty page, and what it complains of: messages, errors, and requests of anything that is not below `home`."""
    said: list[str] = []
    viewport = {"width": width, "height": 844}
    with browser.new_context(viewport=viewport, color_scheme=scheme, java_script_enabled=script) as context:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda request: said.extend([request.url] * (not request.url.startswith(home))))
        yield page, said


def wider(page: Any) -> int:
    """By how many pixels a page is wider than the screen."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
