"""One experiment, validated: every choice that decides what the network computes, and nothing else.

Two equal configs give the same numbers bit for bit, so ``(config, epoch)`` is the saved run, and a link is enough to
come back to it. Every rule is a row of ``RULES``; a message names the field, its rule and the value.
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Mapping
from dataclasses import KW_ONLY, asdict, dataclass, fields
from enum import StrEnum
from functools import lru_cache
from typing import Any

from rnn_core.rules import Choice, Flag, Real, Rule, Text, Whole
from rnn_core.text import Vocabulary, canonical_text, split_lines

MAX_LINES = 16
MAX_TOKENS_PER_LINE = 512
MAX_TOKENS = 4_096
MAX_CODE_POINTS = 16_384
MAX_VOCABULARY = 256
MAX_HIDDEN_SIZE = 128
MAX_LAYERS = 4
MAX_LEARNING_RATE = 10.0
MAX_SEED = 2**32 - 1
MAX_EPOCHS = 20_000


class ConfigError(ValueError):
    """A sentence that names argument, rule and value; fit to be shown to a person as it is.

    Attributes:
        field: the name of the value that the sentence is about, or None where it is about no single one.
    """

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class Task(StrEnum):
    """What the network is to predict at each step: the token it just read, or the one after it."""

    COPY = "copy"
    NEXT = "next"


class Cell(StrEnum):
    """Which recurrent module: torch.nn.RNN, torch.nn.GRU or torch.nn.LSTM."""

    RNN = "rnn"
    GRU = "gru"
    LSTM = "lstm"


class Nonlinearity(StrEnum):
    """The activation of torch.nn.RNN; GRU and LSTM have their own and do not read it."""

    TANH = "tanh"
    RELU = "relu"


class Head(StrEnum):
    """What turns `output` into logits: nothing (the hidden state is the logits) or a torch.nn.Linear."""

    NONE = "none"
    LINEAR = "linear"


class Optimizer(StrEnum):
    """Which torch.optim class makes the update, with its defaults but for the learning rate."""

    ADAM = "adam"
    SGD = "sgd"
    RMSPROP = "rmsprop"


def _say(value: object) -> str:
    try:
        return reprlib.repr(value)
    except ValueError:  # Python refuses to print a number of more than 4,300 digits
        return f"a number of {int(value).bit_length()} bits"  # type: ignore[call-overload]


LEARNING_RATE = Real(MAX_LEARNING_RATE)
CLIP_NORM = Real(optional=True)

RULES: Mapping[str, Rule] = {
    "text": Text(MAX_CODE_POINTS),
    "task": Choice(tuple(Task)),
    "cell": Choice(tuple(Cell)),
    "nonlinearity": Choice(tuple(Nonlinearity)),
    "hidden_size": Whole(1, MAX_HIDDEN_SIZE, optional=True),
    "num_layers": Whole(1, MAX_LAYERS),
    "bidirectional": Flag(),
    "head": Choice(tuple(Head)),
    "batch_first": Flag(),
    "optimizer": Choice(tuple(Optimizer)),
    "learning_rate": LEARNING_RATE,
    "clip_norm": CLIP_NORM,
    "seed": Whole(0, MAX_SEED),
}
"""The rule of each field of RunConfig: ``check`` takes a Python value, ``parse`` a string of a link."""


@dataclass(frozen=True, slots=True)
class RunConfig:
    """One experiment: the text, the network that reads it, and how it is trained.

    Args:
        text: one sequence a line; 1…16 lines, 1…512 tokens a line (2…512 for task "next"), at most 4,096 tokens and
            256 distinct ones in all. Kept in its canonical form (``canonical_text``), so that equal tokens are an
            equal config.
        task: "copy" (the target is the input itself) or "next" (input tokens[:-1], target tokens[1:]).
        cell: "rnn", "gru" or "lstm".
        nonlinearity: "tanh" or "relu"; read by cell "rnn" only.
        hidden_size: 1…128, or None for what the vocabulary needs (see ``units``).
        num_layers: 1…4.
        bidirectional: whether a second direction reads each line from its end.
        head: "none" (the hidden state is the logits, so hidden_size · D must be the vocabulary's size) or "linear".
        batch_first: PyTorch's flag for the module. The data is (B, T, V) whatever it says: False makes the module
            take B as time.
        optimizer: "adam", "sgd" or "rmsprop".
        learning_rate: above 0, at most 10.
        clip_norm: largest gradient norm before an update, or None for no clipping.
        seed: 0…2³²−1, of torch.manual_seed.

    Raises: ConfigError, a sentence such as "hidden_size must be 1…128, got 0".
    """

    text: str = "hello! world"
    _: KW_ONLY
    task: Task = Task.COPY
    cell: Cell = Cell.RNN
    nonlinearity: Nonlinearity = Nonlinearity.TANH
    hidden_size: int | None = None
    num_layers: int = 1
    bidirectional: bool = False
    head: Head = Head.NONE
    batch_first: bool = True
    optimizer: Optimizer = Optimizer.ADAM
    learning_rate: float = 0.1
    clip_norm: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, rule in RULES.items():
            object.__setattr__(self, name, check_value(name, rule, getattr(self, name)))
        try:
            _check_text(self.text, self.task)
        except ConfigError as error:
            error.field = "text"
            raise
        _check_width(self)

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of ``text``: V tokens."""
        return _vocabulary(self.text)

    @property
    def directions(self) -> int:
        """D: 2 if bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def units(self) -> int:
        """H: ``hidden_size``, or what the vocabulary needs: V with a linear head, V / D without a head."""
        if self.hidden_size is not None:
            return self.hidden_size
        return len(self.vocabulary) // (self.directions if self.head is Head.NONE else 1)

    def to_query(self) -> dict[str, str]:
        """The fields that differ from the default, as strings of a link; ``from_query`` gives the config back."""
        return {
            field.name: _written(getattr(self, field.name))
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }

    @classmethod
    def from_query(cls, query: Mapping[str, Any]) -> RunConfig:
        """The config of a link's query: strings by field name; what is not named has its default.

        Raises: ConfigError naming key, rule and value, for an unknown or repeated key or a value against its rule.
        """
        return cls(**{name: parse_field(name, raw) for name, raw in query.items()})

    def to_json(self) -> str:
        """All fields as a JSON object."""
        return json.dumps(asdict(self), ensure_ascii=True)

    @classmethod
    def from_json(cls, document: str) -> RunConfig:
        """The config of ``to_json``'s object. Raises: ConfigError."""
        try:
            values = json.loads(document)
        except (ValueError, RecursionError):
            raise ConfigError(f"document must be a JSON object, got {_say(document)}") from None
        if not isinstance(values, dict):
            raise ConfigError(f"document must be a JSON object, got {_say(values)}")
        for name in values:
            _known(name)
        return cls(**values)


_vocabulary = lru_cache(maxsize=256)(Vocabulary.from_text)


def parse_field(name: str, raw: object) -> Any:
    """The value of one field from a link. Raises: ConfigError naming key, rule and value."""
    return parse_value(name, RULES[_known(name)], raw)


def check_value(name: str, rule: Rule, value: object) -> Any:
    """The value to keep of a Python value, by its rule. Raises: ConfigError naming name, rule and value."""
    try:
        return rule.check(value)
    except (TypeError, ValueError, OverflowError):
        raise ConfigError(f"{name} must be {rule}, got {_said_value(name, value)}", field=name) from None


def parse_value(name: str, rule: Rule, raw: object) -> Any:
    """The value of one key of a link, by its rule. Raises: ConfigError naming key, rule and value."""
    if isinstance(raw, (list, tuple)):
        if len(raw) != 1:
            raise ConfigError(f"{name} must be given once, got {len(raw)} values")
        raw = raw[0]
    try:
        return rule.parse(raw)  # type: ignore[arg-type]
    except (AttributeError, TypeError, ValueError, KeyError, OverflowError):
        raise ConfigError(f"{name} must be {rule}, got {_said_value(name, raw)}") from None


def _known(name: str) -> str:
    if name not in RULES:
        raise ConfigError(f"key must be one of {', '.join(RULES)}, got {_say(name)}")
    return name


def _said_value(name: str, value: object) -> str:
    too_long = name == "text" and isinstance(value, str)
    return f"{len(canonical_text(value))} code points" if too_long else _say(value)  # type: ignore[arg-type]


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _check_text(text: str, task: Task) -> None:
    for position, character in enumerate(text):
        if "\ud800" <= character <= "\udfff":
            raise ConfigError(f"text must be valid Unicode, got a lone surrogate U+{ord(character):04X} at {position}")
    lines = split_lines(text)
    if not lines:
        raise ConfigError("text must have at least 1 token, got none")
    if len(lines) > MAX_LINES:
        raise ConfigError(f"text must have at most {MAX_LINES} lines, got {len(lines)}")
    low = 2 if task is Task.NEXT else 1
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_TOKENS_PER_LINE:
            raise ConfigError(f"line {number} must have at most {MAX_TOKENS_PER_LINE} tokens, got {len(line)}")
        if len(line) < low:
            raise ConfigError(f'line {number} must have at least {low} tokens for task "{task}", got {len(line)}')
    total = sum(map(len, lines))
    if total > MAX_TOKENS:
        raise ConfigError(f"text must have at most {MAX_TOKENS} tokens, got {total}")
    size = len({token for line in lines for token in line})
    if size > MAX_VOCABULARY:
        raise ConfigError(f"text must have at most {MAX_VOCABULARY} distinct tokens, got {size}")


def _check_width(config: RunConfig) -> None:
    size, directions = len(config.vocabulary), config.directions
    if config.units > MAX_HIDDEN_SIZE:
        raise ConfigError(
            f"hidden_size must be 1…{MAX_HIDDEN_SIZE}, got {config.units} (as the vocabulary needs); "
            f'give a hidden_size and head "linear"',
            field="hidden_size",
        )
    if config.head is Head.NONE and config.units * directions != size:
        needed = f"hidden_size · {directions}" if directions > 1 else "hidden_size"
        asked = "an even vocabulary" if size % directions else f"hidden_size {size // directions}"
        raise ConfigError(
            f'{needed} must be the vocabulary\'s {size} with head "none", got {config.units * directions}; '
            f'take {asked} or head "linear"',
            field="bidirectional" if size % directions and config.hidden_size is None else "hidden_size",
        )
