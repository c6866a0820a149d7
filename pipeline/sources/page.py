"""A page to its article."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Article:
    """What a page is about: its text, and what it says of itself."""

    text: str
    title: str | None = None
    authors: tuple[str, ...] = ()
    date: str | None = None
    language: str | None = None
    charset: str = "utf-8"


def extract(page: bytes | str, url: str | None = None) -> Article | None:
    """The article on a page, None when there is none."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page, "lxml")
    text = "\n\n".join(p.get_text() for p in soup.find_all("p"))
    return Article(text, soup.title.get_text() if soup.title else None) if text else None
