"""Programs, which are written in English words and in no language."""

from __future__ import annotations

import re

_SIGNS = "{}[];=<>_()\\"
_MIN_SIGNS = 0.02  # of the characters: 25 of 7,807 articles and translations begin with as many
_MIN_SHARE = 0.6  # of the characters, in lines of a program
_REFERENCE = re.compile(r"&?(?:\w{2,8}|#\d{2,5});")
_ASCII = 0.9  # of the characters of such a line
_LONG = 100  # characters; a longer line has its signs, too
_START = 600  # characters that show whether it may be one
_MOST = 20_000  # characters that are looked at

# A line that begins, or ends, as a statement does, or calls a function; in ASCII but for what it quotes.
_STATEMENT = re.compile(
    r"\s*(?:(?:import|from) [\w.*{}, ]+|(?:async )?def \w|class \w+[ (:{]"
    r"|(?:return|elif|else|try|except|finally|with)\b.*"
    r"|(?:if|for|while|switch|catch)\b.*[:{]|(?:public|private|protected|static|const|let|var|function|func|fn)\b.*"
    r"|(?i:select .* from|insert into|create table|update \w+ set)\b.*|#(?:include|define|!)|<\?(?:php|xml)|@\w+"
    r"|//|/\*|\*/|--\s|\$ ?\w+|[\]})]+[;,]?\s*$|[\w.\[\]'\"$>-]+ ?(?:[+*/-]|:)?= ?\S|[\w.-]+ ?: ?[^.]*;\s*$"
    r"|.*[;{}]\s*$|[\w.$:>\[\]-]*\w\(.*\)|\"[\w-]+\" ?:)",
)


def is_code(text: str) -> bool:
    r"""Whether a text is a program, or data for one, rather than prose.

    >>> is_code("def total(rows):\n    return sum(row.price for row in rows if row.sold)")
    True
    >>> is_code("He wrote f(x) = 2 in his notes, and the class (of 1972) laughed; nobody knew why.")
    False
    """
    start = text[:_START]
    if sum(map(start.count, _SIGNS)) < _MIN_SIGNS * len(start):
        return False
    text = text[:_MOST]
    lines = [line for line in text.split("\n") if line.strip()]
    code = sum(len(line) for line in lines if _is_statement(line))
    return code >= _MIN_SHARE * sum(map(len, lines)) > 0


def _is_statement(line: str) -> bool:
    if sum(char.isascii() for char in line) < _ASCII * len(line):
        return False
    line = _REFERENCE.sub("", line)
    if len(line) > _LONG and sum(map(line.count, _SIGNS)) < _MIN_SIGNS * len(line):
        return False
    return bool(_STATEMENT.match(line))
