"""The command `copydesk`: a module for each command, `cli.py` that lists them, and `show.py` with what they share."""
