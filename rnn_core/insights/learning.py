"""Rules that ask how the training went. A new one is a function here, and its name in ``LEARNING_RULES``."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from rnn_core.config import MAX_HIDDEN_SIZE, Cell, Head, Nonlinearity, Optimizer, RunConfig, Task
from rnn_core.encoding import Encoding
from rnn_core.history import EpochRecord
from rnn_core.insights.rule import WHOLE_LINE, Change, Course, Found, Rule, first_valid, listed, quoted
from rnn_core.memory import accuracy_ceiling, context_need
from rnn_core.progress import PATIENCE, Assessment, State, classify, divergence_limit, least_loss, lower_bound

NEAR_A_GUESS = 0.05
"""A loss is clearly below a guess's if more than this share of that is gone."""

GOOD_RATE = {Optimizer.ADAM: 0.03, Optimizer.RMSPROP: 0.01, Optimizer.SGD: 1.0}
"""A learning rate at which networks as small as these learn."""


SLOW = 5
"""A learning rate is far below the usual one if it is less than this part of it."""


def diverged(config: RunConfig, _encoding: Encoding, course: Course) -> Found | None:
    """The loss is no finite number, or RAN_AWAY times its lowest and worse than a guess."""
    loss_E, finite_E = course.loss_E, np.isfinite(course.loss_E)
    within = np.flatnonzero(loss_E <= _bound(config, course))
    if not within.size or within[-1] == len(loss_E) - 1:
        return None
    falls = np.flatnonzero(loss_E[1 : within[-1] + 1] <= loss_E[: within[-1]])
    start = int(falls[-1]) + 1 if falls.size else 0  # from here it only rose until it was beyond the bound for good
    words = (
        "The loss rose from {start_loss:.4g} nats at epoch {start} to {loss:.4g} at epoch {epoch}; a uniform guess "
        "among {V} tokens has ln {V} = {guess:.4g}. `learning_rate` {learning_rate:g} is probably too large."
    )
    if not course.now.finite:
        words = (
            "The loss rose from {start_loss:.4g} nats at epoch {start}; since epoch {lost} it is not finite. "
            "`learning_rate` {learning_rate:g} is probably too large."
        )
    return (
        "Training has diverged",
        words,
        {"start": start, "start_loss": float(loss_E[start]), "lost": int(finite_E.argmin())},
        advised(config, State.DIVERGED),
    )


def risen(config: RunConfig, _encoding: Encoding, course: Course) -> Found | None:
    """The loss has been clearly above its lowest for PATIENCE epochs."""
    found = _assessed(config, course)
    if found.state is not State.RISEN:
        return None
    return (
        "The loss has risen and stays high",
        "The lowest loss was {low:.4f} nats at epoch {low_epoch}. It rose to {high:.4f} at epoch {high_epoch}, and at "
        "epoch {epoch} it is {loss:.4f}. `learning_rate` {learning_rate:g} is probably too large here.",
        {
            "low": found.low_nats,
            "low_epoch": found.low_epoch,
            "high": found.high_nats,
            "high_epoch": found.high_epoch,
        },
        advised(config, State.RISEN),
    )


def nothing_comes_back(config: RunConfig, _encoding: Encoding, course: Course) -> Found | None:
    """The gradient is 0 where there is still a loss."""
    if course.now.gradient_norm != 0 or not 0 < course.now.loss_nats < math.inf:
        return None
    relu = config.cell is Cell.RNN and config.nonlinearity is Nonlinearity.RELU
    return (
        "No gradient comes back",
        "The loss is {loss:.4f} nats, and yet the gradient of all {parameters} parameters has norm {gradient_norm:g}. "
        "Every activation between the parameters and the loss is saturated (tanh at ±1, sigmoid at 0 or 1) or inactive "
        "(relu below 0), so an update changes nothing.",
        {},
        first_valid(
            config, {"nonlinearity": Nonlinearity.TANH} if relu else {"learning_rate": _tenth(config.learning_rate)}
        ),
    )


def stuck_at_ln_v(config: RunConfig, encoding: Encoding, course: Course) -> Found | None:
    """In the last PATIENCE epochs the loss was never clearly below a guess's, though the text would allow it."""
    recent_E, clearly = course.loss_E[-PATIENCE - 1 :], (1 - NEAR_A_GUESS) * math.log(len(config.vocabulary))
    if course.now.epoch < PATIENCE or not clearly <= recent_E.min() <= recent_E[-1] <= _bound(config, course):
        return None
    if course.now.gradient_norm == 0 or least_loss(config, encoding) >= clearly:
        return None
    return (
        "Still a guess",
        "A blind guess among {V} tokens costs ln {V} = {guess:.4f} nats. In the last {patience} epochs the loss was "
        "never below {low:.4f}, with `learning_rate` {learning_rate:g}.",
        {"patience": PATIENCE, "low": float(recent_E.min())},
        first_valid(config, {"learning_rate": GOOD_RATE[config.optimizer]}, {"cell": Cell.GRU}),
    )


def ceiling_of_one(config: RunConfig, encoding: Encoding, course: Course) -> Found | None:
    """After PATIENCE epochs the network is as good as a table of single tokens, and memory would do better."""
    if config.task is not Task.NEXT or course.now.epoch < PATIENCE or not _says_by_token(encoding, course.now):
        return None
    table, best = (round(accuracy_ceiling(encoding.lines, k) * course.steps) for k in (1, WHOLE_LINE))
    if not course.right == table < best:
        return None
    needs = (k or t + 1 for line in context_need(encoding.lines) for t, k in enumerate(line))
    return (
        "It knows one token, and no more",
        "{right} of {steps} are right, exactly what a table gets that sees one token only: {choices}. With the last "
        "{need} tokens (the start of a line counts as one) {best} of {steps} are possible, but this network says the "
        "same wherever it reads the same token.",
        {"choices": listed(list(_choices(encoding)), "; "), "need": max(needs), "best": best},
        first_valid(
            config,
            {"batch_first": True},
            {"cell": Cell.GRU if config.cell is Cell.RNN else config.cell},
            {"head": Head.LINEAR, "hidden_size": config.units} if config.head is Head.NONE else {},
            {"hidden_size": min(2 * config.units, MAX_HIDDEN_SIZE)},
        ),
    )


def plateau(config: RunConfig, encoding: Encoding, course: Course) -> Found | None:
    """The loss has stopped falling, not everything is right, and no rule above has the reason."""
    found = _assessed(config, course)
    above = (nothing_comes_back, stuck_at_ln_v, ceiling_of_one)
    if found.state is not State.PLATEAU or course.right == course.steps:
        return None
    if any(rule(config, encoding, course) for rule in above):
        return None
    return (
        "The loss is on a plateau",
        "In the last {window} epochs the loss has hardly fallen: it is {loss:.4f} nats at epoch {epoch}, with {right} "
        "of {steps} right. Its lowest was {low:.4f} at epoch {low_epoch}.",
        {"window": found.window, "low": found.low_nats, "low_epoch": found.low_epoch},
        advised(config, State.PLATEAU),
    )


def recital(config: RunConfig, encoding: Encoding, course: Course) -> Found | None:
    """Every next token of the one line there is has been learnt."""
    one = len(encoding.lines) == 1 and len(config.vocabulary) > 1 and config.task is Task.NEXT
    looks_ahead = config.bidirectional and config.batch_first
    if not one or looks_ahead or course.right < course.steps or course.now.epoch == 0:
        return None
    line = encoding.lines[0]
    other = line[::-1] if line[::-1] != line else line[1:] + line[:1]
    return (
        "A recital, not a language",
        "At epoch {epoch}, {right} of {steps} next tokens are right, and {parameters} parameters are there to hold "
        "them. The network has never read another line: it knows this one by heart, which says nothing of a language.",
        {},
        first_valid(config, {"text": "\n".join(map("".join, (line, other)))}),
    )


LEARNING_RULES: tuple[Rule, ...] = (
    diverged,
    risen,
    nothing_comes_back,
    stuck_at_ln_v,
    ceiling_of_one,
    plateau,
    recital,
)


def advised(config: RunConfig, state: State) -> Change:
    """Return the change of ``config`` that a training in ``state`` calls for, {} where it calls for none.

    A loss that has risen or diverged: a tenth of the learning rate. A plateau: the usual rate where that of ``config``
    is far below it; else a linear head, a GRU, or twice the hidden units, the first of these that is a change.
    """
    if state in (State.RISEN, State.DIVERGED):
        return first_valid(config, {"learning_rate": _tenth(config.learning_rate)}, {"clip_norm": 1.0})
    if state is not State.PLATEAU:
        return {}
    usual = GOOD_RATE[config.optimizer]
    return first_valid(
        config,
        {"learning_rate": usual} if config.learning_rate < usual / SLOW else {},
        {"head": Head.LINEAR, "hidden_size": config.units} if config.head is Head.NONE else {},
        {"cell": Cell.GRU if config.cell is Cell.RNN else config.cell},
        {"hidden_size": min(2 * config.units, MAX_HIDDEN_SIZE)},
    )


def _assessed(config: RunConfig, course: Course) -> Assessment:
    """Return the state of a training whose present answers are not all right for long enough to be done."""
    bound = lower_bound(config)
    return classify(
        course.loss_E,
        guess_nats=math.log(len(config.vocabulary)),
        bound_nats=None if bound is None else bound[1],
    )


def _tenth(rate: float) -> float:
    """A tenth of ``rate``, in three digits."""
    return float(f"{rate / 10:.3g}")


def _bound(config: RunConfig, course: Course) -> float:
    """The loss beyond which a training has run away."""
    lowest: float = course.loss_E[np.isfinite(course.loss_E)].min(initial=math.inf)
    return divergence_limit(lowest, math.log(len(config.vocabulary)))


def _says_by_token(encoding: Encoding, record: EpochRecord) -> bool:
    """Whether the network says the same wherever it reads the same token."""
    pairs = {
        (read, said.get(t, asked))
        for inputs, targets, said in zip(encoding.inputs, encoding.targets, map(dict, record.errors), strict=True)
        for t, (read, asked) in enumerate(zip(inputs, targets, strict=True))
    }
    return len(pairs) == len({read for read, _ in pairs})


def _choices(encoding: Encoding) -> Iterator[str]:
    """Each token that more than one can follow, and those that do."""
    after: dict[str, dict[str, None]] = {}
    for inputs, targets in zip(encoding.inputs, encoding.targets, strict=True):
        for read, asked in zip(inputs, targets, strict=True):
            after.setdefault(read, {})[asked] = None
    for read, asked_for in after.items():
        if len(asked_for) > 1:
            yield f"{quoted(read)} → {listed([*map(quoted, asked_for)])}"
