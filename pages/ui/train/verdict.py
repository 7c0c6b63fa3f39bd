"""The state of a training in words: what its losses show, and what to change; and why playing has stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from pages.ui.i18n import _
from pages.ui.steps import tie_words
from rnn_core import Trainer
from rnn_core.config import MAX_EPOCHS
from rnn_core.insights.learning import advised
from rnn_core.numbers import format_number, format_significant
from rnn_core.progress import (
    FLAT_EPOCHS,
    FLAT_NATS,
    NEAR_NATS,
    PATIENCE,
    Assessment,
    Bound,
    State,
    assess,
    lower_bound,
)
from rnn_core.steps import Said
from rnn_core.training import Stop


def verdict_words(trainer: Trainer, predicted: Mapping[int, Said]) -> str:
    """Return the state of the training in plain text: what shows it, and what to change.

    Args:
        predicted: what the present weights predict on each line that is shown.
    """
    found = assess(trainer)
    words = [WORDS[found.state](found), _bound_words(trainer, found), _advice_words(trainer, found.state)]
    if trainer.epoch:
        words.append(tie_words(predicted))
    return " ".join(filter(None, words))


def stop_words(trainer: Trainer) -> str | None:
    """Return why playing has stopped by itself, as Markdown without any typed text, or None."""
    match trainer.stop:
        case Stop.EPOCH_LIMIT:
            return _("Epoch {limit} is the limit of a run. *Reset* starts again.").format(limit=f"{MAX_EPOCHS:,}")
        case Stop.NOT_FINITE:
            words = _("Training has diverged: the loss is {loss} at epoch {epoch}.")
            if trainer.epoch:
                words += " " + _("One epoch before it was {loss_before}, with a gradient norm of {norm}.")
            words += " " + _("Lower `learning_rate` (now {rate}) or set `clip_norm`, then *Reset*.")
            before = trainer.history[-1] if trainer.epoch else trainer.now
            return words.format(
                loss=format_significant(trainer.now.loss_nats),
                epoch=trainer.now.epoch,
                loss_before=format_significant(before.loss_nats),
                norm=format_significant(before.gradient_norm),
                rate=format_significant(trainer.settings.learning_rate),
            )
    return None


def _bound_words(trainer: Trainer, found: Assessment) -> str:
    """How near the loss is to its lower bound, where it is near."""
    bound = lower_bound(trainer.config)
    if bound is None or found.above_bound is None or not found.above_bound < NEAR_NATS or not trainer.epoch:
        return ""
    words = {
        Bound.LOGITS: _("The loss is {gap} above {bound}, its lower bound for logits between −1 and 1."),
        Bound.TEXT: _("The loss is {gap} above {bound}, its lower bound where the text does not decide the target."),
    }
    gap = max(0.0, found.above_bound)
    return words[bound[0]].format(gap=format_number(gap), bound=format_number(bound[1]))


def _advice_words(trainer: Trainer, state: State) -> str:
    """What to change, where the state calls for a change."""
    wrong = trainer.now.accuracy < 1
    if state is State.PLATEAU and not wrong:
        return ""
    rate = trainer.settings.learning_rate
    config = trainer.config if rate == trainer.config.learning_rate else replace(trainer.config, learning_rate=rate)
    change = advised(config, state)
    if not change:
        return ""
    listed = ", ".join(f"{name} {_value(value)}" for name, value in change.items())
    if set(change) == {"learning_rate"}:
        return _("Try {change} (now {rate}).").format(change=listed, rate=format_significant(rate))
    return _("Try {change}.").format(change=listed)


def _value(value: object) -> str:
    return format_significant(value) if isinstance(value, float) else str(value)


def _untrained(_found: Assessment) -> str:
    return _("Untrained.")


def _early(found: Assessment) -> str:
    return _("Fewer than {count} epochs: too early to judge.").format(count=PATIENCE)


def _improving(_found: Assessment) -> str:
    return _("The loss is falling.")


def _done(_found: Assessment) -> str:
    return _("Done: everything right, and the loss flat, for {count} epochs.").format(count=FLAT_EPOCHS)


def _at_bound(_found: Assessment) -> str:
    return ""  # ``_bound_words`` are its words


def _plateau(found: Assessment) -> str:
    words = _("Plateau: the loss has fallen by less than {nats} nats in the last {count} epochs; its lowest was {low}.")
    return words.format(
        nats=format_significant(FLAT_NATS), count=found.window, low=_at(found.low_nats, found.low_epoch)
    )


def _rising(found: Assessment) -> str:
    words = _("The loss is {loss}, above its lowest, {low}.")
    return words.format(loss=format_number(found.loss_nats), low=_at(found.low_nats, found.low_epoch))


def _risen(found: Assessment) -> str:
    words = _("The loss rose from {low} to {high}, and has not come back down; it is {loss} now.")
    return words.format(
        low=_at(found.low_nats, found.low_epoch),
        high=_at(found.high_nats, found.high_epoch),
        loss=format_number(found.loss_nats),
    )


def _diverged(found: Assessment) -> str:
    if found.lost_epoch is not None:
        return _("Training has diverged: the loss is not finite since epoch {epoch}.").format(epoch=found.lost_epoch)
    words = _("Training has diverged: the loss rose from {low} to {high}, and is {loss} now.")
    return words.format(
        low=_at(found.low_nats, found.low_epoch),
        high=_at(found.high_nats, found.high_epoch),
        loss=format_number(found.loss_nats),
    )


def _at(loss: float, epoch: int) -> str:
    return _("{loss} at epoch {epoch}").format(loss=format_number(loss), epoch=epoch)


WORDS: Mapping[State, Callable[[Assessment], str]] = {
    State.UNTRAINED: _untrained,
    State.EARLY: _early,
    State.IMPROVING: _improving,
    State.DONE: _done,
    State.AT_BOUND: _at_bound,
    State.PLATEAU: _plateau,
    State.RISING: _rising,
    State.RISEN: _risen,
    State.DIVERGED: _diverged,
}
"""The words of each state."""
