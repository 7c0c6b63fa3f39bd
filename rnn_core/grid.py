"""What a comparison is of: a link's strings, or what was chosen on *Compare*, become configs, seeds and epochs."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlencode

from rnn_core.comparison import MAX_CONFIGS, MAX_EPOCHS_COMPARED, MAX_SEEDS
from rnn_core.config import RULES, Cell, ConfigError, Head, Optimizer, RunConfig, parse_field, parse_value
from rnn_core.presets import MAX_DOTS, remember_across
from rnn_core.rules import Choice, Flag, Rule, Several, Text, Whole

FEWEST_DOTS = 5
FEWEST_EPOCHS = 10


class By(StrEnum):
    """What the networks that are compared differ in."""

    CELL = "cell"
    HIDDEN_SIZE = "hidden_size"
    NUM_LAYERS = "num_layers"
    LEARNING_RATE = "learning_rate"
    OPTIMIZER = "optimizer"
    LIST = "list"


VALUES: Mapping[By, Sequence[Any]] = {
    By.CELL: tuple(Cell),
    By.HIDDEN_SIZE: (2, 4, 8, 16, 32, 64, 128),
    By.NUM_LAYERS: (1, 2, 3, 4),
    By.LEARNING_RATE: (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
    By.OPTIMIZER: tuple(Optimizer),
}
"""The values that a field can be compared at."""

DEFAULTS: Mapping[By, Sequence[Any]] = {
    By.CELL: VALUES[By.CELL],
    By.HIDDEN_SIZE: (4, 16, 64),
    By.NUM_LAYERS: (1, 2, 3),
    By.LEARNING_RATE: (0.01, 0.03, 0.1),
    By.OPTIMIZER: VALUES[By.OPTIMIZER],
    By.LIST: (),
}
MAX_LISTED = 2_000
"""Of the code points that a link says a list of networks with."""

SEEDS = Whole(1, MAX_SEEDS)
EPOCHS = Whole(FEWEST_EPOCHS, MAX_EPOCHS_COMPARED)

GRID_RULES: Mapping[str, Rule] = {
    "compare": Choice(tuple(By)),
    "compare_dots": Whole(FEWEST_DOTS, MAX_DOTS),
    "compare_seeds": SEEDS,
    "compare_epochs": EPOCHS,
    "compare_together": Flag(),
}
"""The rule of each key of a link that has one whatever the others say."""

GRID_KEYS = (*GRID_RULES, "compare_values", "compare_networks")

_SHARED = frozenset({"text", "task", "seed"})
"""What is the same for all that are compared, and no part of a network on a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What is to be compared.

    Attributes:
        by: what the networks differ in. values: of that field, in the order of VALUES; none for a list.
        networks: those on the list, each reading the text of ``base``.
        dots: of the text to remember across, or None for the text typed.
        seeds: how many. epochs: updates of each. together: whether the seeds of a network are one batched computation.
    """

    by: By = By.CELL
    values: tuple[Any, ...] = tuple(DEFAULTS[By.CELL])
    networks: tuple[RunConfig, ...] = ()
    dots: int | None = None
    seeds: int = 5
    epochs: int = 200
    together: bool = True

    def base(self, config: RunConfig) -> RunConfig:
        """The experiment of which something is varied: ``config``, or the one that asks for a long memory."""
        base = config if self.dots is None else replace(remember_across(self.dots), seed=config.seed)
        if self.by is By.HIDDEN_SIZE and base.head is Head.NONE:  # without one, hidden_size is the vocabulary's
            return replace(base, head=Head.LINEAR)
        return base

    def configs(self, config: RunConfig) -> tuple[RunConfig, ...]:
        """The networks to compare. Raises: ConfigError where there is none."""
        base = self.base(config)
        found = [reading(base, network) for network in self.networks]
        if self.by is not By.LIST:
            found = [replace(base, **{self.by: value}) for value in self.values]
        if not found:
            what = "the list must have 1…{} networks" if self.by is By.LIST else f"{self.by} must have 1…{{}} values"
            raise ConfigError(f"{what.format(MAX_CONFIGS)} to compare, got none")
        return tuple(dict.fromkeys(found))

    def to_query(self) -> dict[str, str]:
        """The parts that differ from the default, as strings; ``parse_grid`` gives the grid back."""
        default = Grid()
        query = {"compare": str(self.by)} if self.by is not default.by else {}
        if self.values and self.values != tuple(DEFAULTS[self.by]):
            query["compare_values"] = ",".join(map(str, self.values))
        if self.networks:
            query["compare_networks"] = "|".join(map(_said, self.networks))
        if self.dots is not None:
            query["compare_dots"] = str(self.dots)
        for name in ("seeds", "epochs", "together"):
            if getattr(self, name) != getattr(default, name):
                query[f"compare_{name}"] = str(getattr(self, name)).lower()
        return query


def parse_grid(query: Mapping[str, object], config: RunConfig) -> tuple[Grid, dict[str, str]]:
    """The grid that a link's query names, and what of it cannot be: a sentence by key. There the default stands.

    Args:
        query: strings by key, or lists of them where a key is repeated; keys of no grid are passed over.
    """
    found: dict[str, Any] = {}
    wrong: dict[str, str] = {}

    def take(key: str, rule: Rule) -> None:
        try:
            found[key] = parse_value(key, rule, query[key])
        except ConfigError as error:
            wrong[key] = str(error)

    for key, rule in GRID_RULES.items():
        if key in query:
            take(key, rule)
    by = found.get("compare", Grid().by)
    grid = Grid(
        by=by,
        values=tuple(DEFAULTS[by]),
        dots=found.get("compare_dots"),
        seeds=found.get("compare_seeds", Grid().seeds),
        epochs=found.get("compare_epochs", Grid().epochs),
        together=found.get("compare_together", Grid().together),
    )
    if "compare_values" in query and by is By.LIST:
        wrong["compare_values"] = "compare_values must come with a field to compare by, got a list"
    elif "compare_values" in query:
        known = {str(value): value for value in VALUES[by]}
        take("compare_values", Several(tuple(known), MAX_CONFIGS))
        said = found.get("compare_values", ())
        grid = replace(grid, values=tuple(known[name] for name in known if name in said) or grid.values)
    if "compare_networks" in query:
        try:
            grid = replace(grid, networks=_networks(query["compare_networks"], grid.base(config)))
        except ConfigError as error:
            wrong["compare_networks"] = str(error)
    return grid, wrong


def reading(base: RunConfig, network: RunConfig) -> RunConfig:
    """``network`` with text, task and seed of ``base``; without a head, it gets one where its width does not fit."""
    return _fitting(base, {field.name: getattr(network, field.name) for field in fields(network)})


def _fitting(base: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    """The network of ``values``, as ``reading``. Raises: ConfigError where a head does not mend it."""
    wanted = {**values, **{name: getattr(base, name) for name in _SHARED}}
    try:
        return RunConfig(**wanted)
    except ConfigError:
        return RunConfig(**wanted | {"head": Head.LINEAR})


def _said(network: RunConfig) -> str:
    said = {"cell": str(network.cell)} | network.to_query()
    return urlencode({name: value for name, value in said.items() if name not in _SHARED})


def _networks(raw: object, base: RunConfig) -> tuple[RunConfig, ...]:
    """The networks that a link lists, as queries with "|" between them. Raises: ConfigError."""
    listed: str = parse_value("compare_networks", Text(MAX_LISTED), raw)
    networks = []
    for one in listed.split("|"):
        try:
            said = parse_qs(one, keep_blank_values=True, strict_parsing=True)
        except ValueError:
            said = {}
        for name in said or [one]:
            if name not in RULES or name in _SHARED:
                known = ", ".join(name for name in RULES if name not in _SHARED)
                raise ConfigError(f"compare_networks must say {known} of each network, got {reprlib.repr(name)}")
        networks.append(_fitting(base, {name: parse_field(name, value) for name, value in said.items()}))
    if len(networks) > MAX_CONFIGS:
        raise ConfigError(f"compare_networks must be 1…{MAX_CONFIGS} networks, got {len(networks)}")
    return tuple(dict.fromkeys(networks))
