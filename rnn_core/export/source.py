"""Statements become lines of source, at most WIDTH columns wide where no literal is longer."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rnn_core.call import Call

WIDTH = 100
INDENT = "    "


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of a script.

    Attributes:
        code: its lines.
        shapes: the axes and sizes of the tensors it makes, or "".
        notes: sentences for whoever reads it for the first time.
    """

    code: tuple[str, ...]
    shapes: str = ""
    notes: tuple[str, ...] = ()


def statement(*code: str, shapes: str = "", notes: Sequence[str] = ()) -> Statement:
    """A Statement of the lines ``code``."""
    return Statement(code=code, shapes=shapes, notes=tuple(notes))


def written(statements: Iterable[Statement], *, depth: int = 0, notes: bool = True) -> list[str]:
    """The lines of ``statements``, each under its notes, with its shapes behind it or, where they are too wide, above.

    Args:
        depth: how many blocks the statements stand in. notes: whether the notes are written.
    """
    lines: list[str] = []
    for each in statements:
        indent = INDENT * depth
        first, *rest = (indent + line for line in each.code)
        if notes:
            lines += [line for note in each.notes for line in comment(note, indent)]
        if each.shapes and not rest and len(first) + 4 + len(each.shapes) <= WIDTH:
            first += f"  # {each.shapes}"
        elif each.shapes:
            name = f"{each.code[0].split(' = ')[0]} " if each.shapes.startswith("(") else ""
            lines += comment(name + each.shapes, indent)
        lines += [first, *rest]
    return lines


def comment(words: str, indent: str = "") -> list[str]:
    """The lines of a comment."""
    return textwrap.wrap(words, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def quoted(text: str) -> str:
    """The literal of ``text``, in double quotes unless there are quotes in it; what cannot be seen is escaped."""
    literal = repr(text)
    return literal if "'" in text or '"' in text else f'"{literal[1:-1]}"'


def filled(opening: str, items: Sequence[str], closing: str) -> tuple[str, ...]:
    """``opening``, the items between commas, and ``closing``: one line, or rows where that is too wide."""
    line = opening + ", ".join(items) + closing
    if len(line) <= WIDTH:
        return (line,)
    indent = opening[: len(opening) - len(opening.lstrip())]
    rows: list[str] = []
    for item in items:
        if rows and len(rows[-1]) + len(item) + 2 <= WIDTH:
            rows[-1] += f" {item},"
        else:
            rows.append(f"{indent}{INDENT}{item},")
    return (opening, *rows, indent + closing)


def called(name: str, call: Call) -> tuple[str, ...]:
    """The lines that give ``name`` to what ``call`` makes."""
    arguments = [
        f"{argument}={quoted(value) if isinstance(value, str) else repr(value)}"
        for argument, value, _axis in call.arguments
    ]
    return filled(f"{name} = {call.name}(", arguments, ")")


def shaped(axes: Sequence[str], shape: Sequence[int]) -> str:
    """Axes and sizes as a comment has them: "(B, T) = (1, 12)", "(B·T,) = (12,)"."""
    comma = "," if len(axes) == 1 else ""
    return f"({', '.join(axes)}{comma}) = {tuple(shape)}"
