"""Python in the documentation: it runs, and says what is written beside it."""

from __future__ import annotations


def python(example: str, scope: dict[str, object] | None = None) -> dict[str, object]:
    """Run an example; where a comment stands beside an expression, that is its value. Returns the names it has left.

    `scope` are those that examples before it have left; new ones come in.

    Lines that are indented belong to the one before them.
    """
    scope = {} if scope is None else scope
    for line in example.replace("\n    ", "\x00    ").replace("\n)", "\x00)").splitlines():
        code, _, said = line.replace("\x00", "\n").partition("  # ")
        if said:
            found = eval(code, scope)
            assert repr(found) == said or repr(found) == repr(eval(said)), f"{code} is {found!r}"
        elif code:
            exec(code, scope)
    return scope
