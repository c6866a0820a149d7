"""`python -m docs.generate [FOLDER]`: make the site, in `site/` unless another folder is named."""

from __future__ import annotations

import sys
from pathlib import Path

from docs.generate.site import ROOT, SiteError, build


def main(arguments: list[str]) -> int:
    """Make the site and say where it is; returns the exit code."""
    out = Path(arguments[0]) if arguments else ROOT / "site"
    try:
        number = build(out)
    except SiteError as error:
        print(f"docs: {error}", file=sys.stderr)
        return 1
    print(f"{number} pages in {out}; to read them: python -m http.server --directory {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
