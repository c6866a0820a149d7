"""The command `copydesk`, also as `python -m pipeline`: a process of its own."""

import sys

from pipeline.console import cli
from pipeline.spared import spare_pandas


def main() -> int:
    """Run the command that was typed; returns the exit code."""
    spare_pandas()
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
