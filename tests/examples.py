"""Python in the documentation: it runs, and says what is written beside it."""

from __future__ import annotations


def python(example: str) -> dict[str, object]:
    """Run an example; where a comment stands beside an expression, that is its value. Returns the names it has left.

    Lines that are indented belong to the one before them.
    """
    scope: dict[str, object] = {}
    for line in example.replace("\n    ", "\x00    ").replace("\n)", "\x00)").splitlines():
        code, _, said = line.replace("\x00", "\n").partition("  # ")
        if said:
            found = eval(code, scope)
            assert repr(found) in (said, repr(eval(said))), f"{code} is {found!r}"
        elif code:
            exec(code, scope)
    return scope
