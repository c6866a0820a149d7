"""Whether a text speaks about markup and code: what looks like a leftover there is what it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.rules.encoding.markup.cuts import Cut, outside

# Names of languages and formats as people write them, never parts of addresses or of file names.
_ABOUT = re.compile(
    r"(?<![\w./#-])(?:X?HTML[45]?|XML|CSS[23]?|JavaScript|TypeScript|JSX|XAML|BBCode|Markdown|LaTeX|ECMAScript|jQuery"
    r"|(?i:markup|shortcodes?|stylesheets?|style sheets?|source code|code snippets?|regular expressions?|web scraping"
    r"|web (?:developers?|programming|design)|programming languages?|quelltext|quellcode|code source|código fuente"
    r"|codice sorgente|código-fonte|kod źródłowy|kodu źródłowego|исходн\w{2,3} код\w?|kaynak kod\w*|broncode"
    r"|zdrojov\w{2,3} kód\w?|källkod))(?![\w/])"
    r"|网页代码|源代码|ソースコード|소스 ?코드|الشفرة المصدرية"
)
# A notice of a page without its scripts speaks about none: "Please enable JavaScript to view the comments".
_NOTICE = re.compile(
    r"\b(?i:enabl|disabl|activ|aktiv|habilit|attiv|allow|requir|turn|browser|navigat|przegląd|włącz|браузер|включ|ブラウザ)"
)
_FENCE = re.compile(
    r"^[ \t]{0,8}+(?:```|~~~|>>> |\$ \w|#include|<\?(?:php|=)|import \w|from \w+ import|def \w)|\A#!/", re.MULTILINE
)
# "Paste this into your page:", and not "Watch the clip here:".
_ANNOUNCES = re.compile(
    r"(?i:code|snippet|script|page|file|example|template|paste|insert|function|rule|style|syntax|command|beispiel|seite"
    r"|exemple|ejemplo|esempio|exemplo|przykład|örnek|пример|код|例|コード)[^\n]{0,80}[:：]\Z|`\Z"
)
# A line that ends as a statement of a program does, or begins as one.
_STATEMENT = re.compile(
    r"^[ \t]{0,40}+(?:"
    r"(?:public|private|static|const|let|var|return|function|class|echo|print|if|for|while)\b[^\n]{0,200}[({=][^\n]*[;{}]"
    r"|[\w.$]{1,80}+(?: ?=|\()[^\n]{0,300};|\w{1,20} -{1,2}> ?\w{1,20}[\[({][^\n]*"
    r"|[^\n]{0,200}=> ?[({][^\n]*|[{}]);?[ \t]*$",
    re.MULTILINE,
)


def speaks_of_code(text: str) -> bool:
    """Whether the text is about web pages or programs.

    >>> speaks_of_code("In HTML a <b> is bold."), speaks_of_code("Please enable JavaScript to view the comments.")
    (True, False)
    """
    for match in _ABOUT.finditer(text):
        line = text.rfind("\n", 0, match.start()) + 1
        around = text[max(line, match.start() - 80) : match.end() + 80].partition("\n")[0]
        if not (match[0] == "JavaScript" and _NOTICE.search(around)):
            return True
    return bool(_FENCE.search(text))


def holds_listing(text: str) -> bool:
    r"""Whether some line of the text is one of a program.

    >>> holds_listing("x\n  return a + b;\n}"), holds_listing("the members of the board;\nthe (late) chairman;")
    (True, False)
    """
    return bool(_STATEMENT.search(text))


def is_about(text: str, found: Sequence[Cut]) -> bool:
    """Whether the text is about such things as the cuts, which come in order, or announces one: "Paste this:"."""
    return any(_is_announced(text, cut.start) for cut in found) or speaks_of_code(outside(text, found))


def _is_announced(text: str, at: int) -> bool:
    if not text[max(0, at - 20) : at].rstrip().endswith((":", "：", "`")):
        return False
    return bool(_ANNOUNCES.search(text[max(0, at - 120) : at].rstrip()))
