"""Extract the articles of the pages in a file of JSON lines, and count their characters.

    pages.py FILE copydesk | fast | plain | metadata

All but the first are trafilatura's ways; they are run in an environment of its own.
"""

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path


def extractor(how: str) -> Callable[[bytes, str], str]:
    if how == "copydesk":
        from pipeline import extract

        def ours(page: bytes, url: str) -> str:
            article = extract(page, url)
            return article.text if article else ""

        return ours
    import trafilatura

    options = {"fast": {"fast": True}, "plain": {}, "metadata": {"with_metadata": True}}[how]
    return lambda page, url: trafilatura.extract(page, url=url, **options) or ""


def main() -> None:
    extract = extractor(sys.argv[2])
    with Path(sys.argv[1]).open(encoding="utf-8") as stream:
        rows = map(json.loads, stream)
        print(sum(len(extract(base64.b64decode(row["html_b64"]), row.get("url", ""))) for row in rows))


if __name__ == "__main__":
    main()
