"""Keep a full-text index in step with a corpus, and search it: a consumer that follows release by release.

    python examples/search_index.py output/corpus index.sqlite bridge river

The index remembers the release that it stands at, and takes over what changed since in one transaction: a run that is
killed leaves it as it was, and one more run changes nothing. Needs SQLite with FTS5, which Python has as a rule.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Iterable

import pipeline
from pipeline.errors import CopydeskError, NotKeptError

TABLES = (
    "CREATE TABLE IF NOT EXISTS stand (release INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS places (number INTEGER PRIMARY KEY, batch TEXT, id TEXT, UNIQUE (batch, id))",
    "CREATE VIRTUAL TABLE IF NOT EXISTS articles USING fts5 (title, text)",  # `rowid` is `places.number`
)
HITS = """
SELECT batch, id, snippet(articles, 1, '[', ']', ' ... ', 12)
FROM articles JOIN places ON articles.rowid = places.number
WHERE articles MATCH ? ORDER BY rank, batch, id LIMIT 10
"""


def follow(index: sqlite3.Connection, corpus: str) -> str:
    """Take over what changed since the index was last in step; says so in a line."""
    with index:  # one transaction: all of it or nothing
        index.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            index.execute(table)
        found = index.execute("SELECT release FROM stand").fetchone()
        try:
            changes = pipeline.read_corpus(corpus, since=found[0] if found else 0)
        except NotKeptError:  # too long ago: all of it anew
            for table in ("articles", "places"):
                index.execute(f"DELETE FROM {table}")
            changes = pipeline.read_corpus(corpus, since=0)
        for change in changes:
            if change.kind in ("changed", "withdrawn"):
                take_out(index, change.batch, change.id)
            if change.document:  # it was added, or is another now
                title = str(change.document.meta.get("title", ""))
                put_in(index, change.batch, change.id, title, change.document.text)
        index.execute("DELETE FROM stand")
        index.execute("INSERT INTO stand VALUES (?)", (changes.release,))
    return f"release {changes.since} to {changes.release}: {len(changes):,} changes"


def take_out(index: sqlite3.Connection, batch: str, identity: str) -> None:
    """Remove an article."""
    (number,) = index.execute("SELECT number FROM places WHERE batch = ? AND id = ?", (batch, identity)).fetchone()
    index.execute("DELETE FROM articles WHERE rowid = ?", (number,))
    index.execute("DELETE FROM places WHERE number = ?", (number,))


def put_in(index: sqlite3.Connection, batch: str, identity: str, title: str, text: str) -> None:
    """Add an article."""
    number = index.execute("INSERT INTO places (batch, id) VALUES (?, ?)", (batch, identity)).lastrowid
    index.execute("INSERT INTO articles (rowid, title, text) VALUES (?, ?, ?)", (number, title, text))


def search(index: sqlite3.Connection, words: Iterable[str]) -> Iterable[str]:
    """The best hits, a line each; all of the words are in them."""
    asked = " ".join('"' + word.replace('"', '""') + '"' for word in words)
    for batch, identity, snippet in index.execute(HITS, (asked,)):
        line = f"{batch}/{identity}: {snippet}"
        yield "".join(c if c.isprintable() else " " for c in line)  # nothing that could steer a terminal


def main() -> int:
    parser = argparse.ArgumentParser(description="Keep a full-text index in step with a corpus, and search it.")
    parser.add_argument("corpus", help="output/corpus")
    parser.add_argument("index", help="the SQLite database")
    parser.add_argument("words", nargs="*", help="what to look for; all of them are to be there")
    options = parser.parse_args()
    index = sqlite3.connect(options.index, isolation_level=None)
    try:
        print(follow(index, options.corpus), file=sys.stderr)
    except CopydeskError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for hit in search(index, options.words) if options.words else ():
        print(hit)
    index.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
