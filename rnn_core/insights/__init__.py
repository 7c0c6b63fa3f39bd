"""A config, its Encoding and its training become insights: what is at work in this very run, in its own numbers.

rule        what a rule is, and what all rules share
learning    rules that ask how the training went
experiment  rules that the text and the config alone decide
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from types import MappingProxyType

import numpy as np

from rnn_core.config import RunConfig
from rnn_core.encoding import Encoding, read_only
from rnn_core.history import EpochRecord, History
from rnn_core.insights.experiment import EXPERIMENT_RULES
from rnn_core.insights.learning import LEARNING_RULES
from rnn_core.insights.rule import Change, Course, Values
from rnn_core.numbers import NumberFormatter
from rnn_core.shapes import axis_sizes, shape_ledger

__all__ = ["RULES", "Insight", "insights"]

RULES = (*LEARNING_RULES, *EXPERIMENT_RULES)
"""Every rule, in the order in which they are asked: what keeps a network from learning comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """Something that is so in this run, and the change that shows the difference.

    Attributes:
        name: the rule's.
        title, words: message ids; each {named} field of ``words`` is one of ``values``. Backticks stand around
            PyTorch's names, and there is no other markup.
        values: this run's numbers and tokens. What was typed is in its strings and nowhere else, escaped for no markup.
        change: fields of RunConfig to replace, which give another valid config; {} where no change would do.
        epoch: the number of updates made before the weights it speaks of.
    """

    name: str
    title: str
    words: str
    values: Values
    change: Change
    epoch: int

    @property
    def sentence(self) -> str:
        """``words`` with ``values`` in place, in English."""
        return NumberFormatter().format(self.words, **self.values)


def insights(
    config: RunConfig, encoding: Encoding, history: Sequence[EpochRecord], now: EpochRecord | None = None
) -> tuple[Insight, ...]:
    """What the rules found, in their order.

    Args:
        history: the records of all epochs before ``now``; of a ``History`` none is read again but perhaps the last.
        now: the record of the present weights, or None where the last of ``history`` is meant.
    Returns: () where there is no record at all.
    """
    if now is None and not history:
        return ()
    losses = history.losses(0) if isinstance(history, History) else [record.loss_nats for record in history]
    loss_E = np.asarray(losses, np.float64)
    last, steps = history[-1] if now is None else now, int(encoding.length_B.sum())
    course = Course(
        loss_E=read_only(loss_E if now is None else np.append(loss_E, now.loss_nats)),
        now=last,
        right=round(last.accuracy * steps),
        steps=steps,
    )
    facts = _facts(config, course)
    return tuple(
        Insight(
            name=rule.__name__,
            title=title,
            words=words,
            values=_named(words, {**facts, **values}),
            change=MappingProxyType(change),
            epoch=last.epoch,
        )
        for rule in RULES
        for title, words, values, change in filter(None, [rule(config, encoding, course)])
    )


def _facts(config: RunConfig, course: Course) -> Values:
    """What the words of any rule may name: sizes by their axes, and where the training stands."""
    weights = [line for line in shape_ledger(config) if line.name.startswith(("weight", "bias", "head"))]
    return {
        **axis_sizes(config),
        "steps": course.steps,
        "right": course.right,
        "epoch": course.now.epoch,
        "loss": course.now.loss_nats,
        "gradient_norm": course.now.gradient_norm,
        "guess": math.log(len(config.vocabulary)),
        "learning_rate": config.learning_rate,
        "parameters": sum(math.prod(line.shape) for line in weights),
    }


def _named(words: str, values: Values) -> Mapping[str, str | int | float]:
    """Those of ``values`` that ``words`` name."""
    fields = [field for _, field, _, _ in Formatter().parse(words) if field]
    return MappingProxyType({field: values[field] for field in fields})
