"""Rules that the text and the config decide, however the training went.

A new one is a function here, and its name in ``EXPERIMENT_RULES``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, combinations

from rnn_core.config import MAX_HIDDEN_SIZE, Head, RunConfig, Task
from rnn_core.encoding import Encoding
from rnn_core.insights.rule import WHOLE_LINE, Change, Course, Found, Rule, first_valid, quoted
from rnn_core.memory import accuracy_ceiling
from rnn_core.progress import loss_floor as lowest_loss
from rnn_core.shapes import AXES, axis_sizes


def vocabulary_of_one(config: RunConfig, encoding: Encoding, _course: Course) -> Found | None:
    """A single token is in the text, so there is nothing to choose between."""
    if len(config.vocabulary) > 1:
        return None
    token = config.vocabulary.tokens[0]
    text = "\n".join([*map("".join, encoding.lines), "bb" if token != "b" else "aa"])
    return (
        "A softmax with one entry",
        "The only token is {token}, and softmax gives it probability 1 whatever its logit is. At epoch {epoch} the "
        "loss is {loss:g} nats and the gradient's norm {gradient_norm:g}, as at any other: there is nothing to learn.",
        {"token": quoted(token)},
        first_valid(config, {"text": text}, {"text": text, "hidden_size": None}),
    )


def nothing_recurs(config: RunConfig, _encoding: Encoding, _course: Course) -> Found | None:
    """One line becomes a batch of sequences of length 1."""
    size = axis_sizes(config)
    if config.batch_first or size["B"] > 1 or size["T"] == 1:
        return None
    return (
        "Nothing recurs",
        "`batch_first=False`: the module takes the first axis for time, and its size is the number of lines, {B}. It "
        "reads {T} sequences of length {B}: no step depends on the one before it, and `weight_hh_l0`, of shape "
        "({rows}, {H}), is multiplied by zeros only: its gradient is all zeros.",
        {"rows": size["G"] * size["H"]},
        {"batch_first": True},
    )


def recurs_down_lines(config: RunConfig, encoding: Encoding, _course: Course) -> Found | None:
    """Several lines become the steps of one sequence for each of their positions."""
    if config.batch_first or len(encoding.lines) == 1:
        return None
    return (
        "The recurrence runs down the lines",
        "`batch_first=False`: the module takes the first axis, the {B} lines, for time, and reads a batch of {T}, each "
        "of length {B}. After {first}, which line 1 begins with, it reads {second}, which line 2 begins with: its "
        "state goes from line to line, and not along the text.",
        {"first": quoted(encoding.inputs[0][0]), "second": quoted(encoding.inputs[1][0])},
        {"batch_first": True},
    )


def sees_the_answer(config: RunConfig, encoding: Encoding, course: Course) -> Found | None:
    """A backward direction has read what is to be predicted."""
    seen = course.steps - len(encoding.lines)  # at a line's last step the answer is not among what is read
    if not (config.bidirectional and config.batch_first and config.task is Task.NEXT and seen):
        return None
    read, answer, *_ = max(encoding.inputs, key=len)
    return (
        "It has read the answer",
        "The backward direction reads a line from its end: when it comes to {read} and {answer} is asked for, it has "
        "just read that {answer}. So it is at {seen} of {steps} steps, all but the last of each line: what it gets "
        "right there is read, not predicted. {right} are right now.",
        {"seen": seen, "read": quoted(read), "answer": quoted(answer)},
        first_valid(
            config,
            {"bidirectional": False},
            {"bidirectional": False, "hidden_size": None},
            {"bidirectional": False, "hidden_size": config.units, "head": Head.LINEAR},
        ),
    )


def prefix_does_not_decide(config: RunConfig, encoding: Encoding, course: Course) -> Found | None:
    """Two lines begin alike and go on differently, for a network that reads each of them from its start."""
    lines = encoding.lines
    if config.task is not Task.NEXT or not config.batch_first or config.bidirectional:
        return None
    parted = ((a, b, t) for a, b in combinations(range(len(lines)), 2) if (t := _parting(lines[a], lines[b])))
    first, second, t = next(parted, (0, 0, 0))
    if not t:
        return None
    kept: list[tuple[str, ...]] = []
    for line in lines:
        if not any(_parting(line, other) for other in kept):
            kept.append(line)
    text = "\n".join(map("".join, kept))
    return (
        "No network can know",
        "Line {first} and line {second} both begin with {beginning}; then one goes on with {one}, the other with "
        "{other}. Nothing that was read tells them apart, so no network gets more than {best} of {steps} right; this "
        "one has {right}.",
        {
            "first": first + 1,
            "second": second + 1,
            "beginning": quoted(*lines[first][:t]),
            "one": quoted(lines[first][t]),
            "other": quoted(lines[second][t]),
            "best": round(accuracy_ceiling(lines, WHOLE_LINE) * course.steps),
        },
        first_valid(config, {"text": text}, {"text": text, "hidden_size": None}),
    )


def loss_floor(config: RunConfig, _encoding: Encoding, course: Course) -> Found | None:
    """Hidden values that are the logits, and bounded, leave every wrong token some probability."""
    floor = lowest_loss(config)
    if not floor or not course.now.finite:
        return None
    keep = {} if config.directions == 1 else {"hidden_size": config.units}
    return (
        "The loss has a floor",
        "Without a head the hidden values are the logits, and each is between −1 and 1. So with {V} tokens the loss "
        "cannot get below ln(1 + {others} · e⁻²) = {floor:.4f} nats, however long one trains; at epoch {epoch} it is "
        "{loss:.4f}, which is {above:.4f} above that.",
        {"others": len(config.vocabulary) - 1, "floor": floor, "above": max(0.0, course.now.loss_nats - floor)},
        first_valid(config, {"head": Head.LINEAR, **keep}),
    )


def copying_needs_no_memory(config: RunConfig, encoding: Encoding, course: Course) -> Found | None:
    """The answer is what is being read."""
    if config.task is not Task.COPY or len(config.vocabulary) == 1:
        return None
    token = quoted(encoding.inputs[0][0])
    return (
        "Copying needs no memory",
        "The answer is the token that is being read: after {token}, {token}. A table with one row for each of the {V} "
        "tokens gets {steps} of {steps} right and remembers nothing; this network has {right}.",
        {"token": token},
        first_valid(config, {"task": Task.NEXT}),
    )


def sizes_coincide(config: RunConfig, _encoding: Encoding, _course: Course) -> Found | None:
    """Two axes are of one size, more than 1: to swap axes of size 1 changes nothing."""
    size = axis_sizes(config)
    alike = [[axis for axis in "BTVH" if size[axis] == length] for length in dict.fromkeys(size[a] for a in "BTVH")]
    alike = [axes for axes in alike if len(axes) > 1 and size[axes[0]] > 1]
    if not alike:
        return None
    words = (
        "{sizes}. Where these meet, a shape does not tell which axis is which, and torch says nothing if they are "
        "swapped."
    )
    if config.head is Head.NONE and config.directions == 1:
        words = (
            "{sizes}. Where these meet, a shape does not tell which axis is which. Here `hidden_size` has to be "
            "`input_size`: without a head the hidden values are the logits, one for each of {V} tokens."
        )
    sizes = "; ".join(" = ".join([*(AXES[axis] for axis in axes), str(size[axes[0]])]) for axes in alike)
    return "Sizes that coincide", words, {"sizes": sizes}, _other_hidden_size(config, size, alike)


EXPERIMENT_RULES: tuple[Rule, ...] = (
    vocabulary_of_one,
    nothing_recurs,
    recurs_down_lines,
    sees_the_answer,
    prefix_does_not_decide,
    loss_floor,
    copying_needs_no_memory,
    sizes_coincide,
)


def _parting(a: Sequence[str], b: Sequence[str]) -> int:
    """The first place at which two lines differ, after a common beginning; 0 if there is none of either."""
    return next((t for t, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), 0)


def _other_hidden_size(config: RunConfig, size: Mapping[str, int], alike: Sequence[Sequence[str]]) -> Change:
    """The nearest hidden_size, larger if there is one, that is no other axis's; {} where that would not be enough."""
    if config.head is Head.NONE or any(len(set(axes) - {"H"}) > 1 for axes in alike):
        return {}
    taken = {size["B"], size["T"], size["V"]}
    candidates = chain(range(config.units + 1, MAX_HIDDEN_SIZE + 1), range(config.units - 1, 1, -1))
    return {"hidden_size": next(h for h in candidates if taken.isdisjoint((h, config.directions * h)))}
