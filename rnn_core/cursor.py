"""Where one looks: a config, and what a link says about a place in its tensors, become one hidden value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnn_core.config import RunConfig, parse_value
from rnn_core.encoding import Encoding, encode
from rnn_core.rules import Choice, Whole
from rnn_core.trace import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """One hidden value: unit j of a layer and direction, at step t of a line."""

    layer: int = 0
    direction: Direction = Direction.FORWARD
    line: int = 0
    step: int = 0
    unit: int = 0


CURSOR_KEYS = ("b", "layer", "direction", "t", "unit")
"""What the parts of a cursor are called in a link: line, layer, direction, step, unit."""


def cursor_rules(config: RunConfig, *, line: int = 0) -> Mapping[str, Whole | Choice]:
    """The rule of each part of a cursor on ``line``, by its key in a link."""
    length_B = encode(config).length_B
    return {
        "b": Whole(0, len(length_B) - 1),
        "layer": Whole(0, config.num_layers - 1),
        "direction": Choice(tuple(Direction)[: config.directions]),
        "t": Whole(0, int(length_B[line]) - 1),
        "unit": Whole(0, config.units - 1),
    }


def parse_cursor(query: Mapping[str, object], config: RunConfig) -> tuple[Cursor, dict[str, str]]:
    """The cursor that a link's query names, and what of it cannot be: a sentence by key. There the default stands.

    Args:
        query: strings by key, or lists of them where a key is repeated; keys of no cursor are passed over.
    """
    found: dict[str, object] = {}
    wrong: dict[str, str] = {}
    for key in CURSOR_KEYS:  # the line first: it decides how many steps there are
        if key in query:
            rule = cursor_rules(config, line=int(str(found.get("b", 0))))[key]
            try:
                found[key] = parse_value(key, rule, query[key])
            except ValueError as error:
                wrong[key] = str(error)
    names = {"b": "line", "t": "step"}
    return Cursor(**{names.get(key, key): value for key, value in found.items()}), wrong  # type: ignore[arg-type]


def end_cursor(config: RunConfig, encoding: Encoding, row: int, column: int, unit: int) -> Cursor:
    """The hidden value that is ``h_n[row, column, unit]``: where a layer and direction came to its end."""
    layer, which = divmod(row, config.directions)
    direction = list(Direction)[which]
    forward = direction is Direction.FORWARD
    if config.batch_first:
        line, step = column, int(encoding.length_B[column]) - 1 if forward else 0
    else:
        line, step = len(encoding.lines) - 1 if forward else 0, column
    return Cursor(layer=layer, direction=direction, line=line, step=step, unit=unit)
