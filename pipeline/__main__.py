"""`python -m pipeline`: the same as the command `copydesk`."""

import sys

from pipeline.console.cli import main

if __name__ == "__main__":
    sys.exit(main())
