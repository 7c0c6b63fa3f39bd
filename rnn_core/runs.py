"""A config is trained to its end and becomes a Run: what the training gave in numbers, and their one JSON document.

A run is its curves, not its network: ``(config, epoch)`` is enough to train the same network again, bit for bit.
"""

from __future__ import annotations

import json
import math
import reprlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_core.config import MAX_EPOCHS, RULES, ConfigError, RunConfig, check_value
from rnn_core.encoding import read_only
from rnn_core.history import EpochRecord
from rnn_core.rules import Real, Rule, Whole
from rnn_core.training import Trainer

_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
"""How a number that JSON has no sign for is written there."""

_RULES: Mapping[str, Rule] = {
    "epochs": Whole(0, MAX_EPOCHS),
    "parameters": Whole(1, 2**31 - 1),
    "seconds": Real(),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """What one training gave in numbers.

    Attributes:
        config: the experiment, with its seed.
        epochs: the updates that were made, 0…20,000.
        loss_E: float64 (epochs + 1,), cross-entropy in nats before each update and after the last one.
        accuracy_E: float64 (epochs + 1,), the share of the counted steps whose argmax is the target, 0…1; it may be
            nan where the loss is not finite.
        parameters: how many trainable numbers the network has.
        seconds: how long the updates took, with what was measured at each.
        remembered: whether the last step of each line alone is counted in accuracy_E, or every real step.

    Raises: ConfigError, a sentence that names attribute, rule and value.
    """

    config: RunConfig
    epochs: int
    loss_E: npt.NDArray[np.float64]
    accuracy_E: npt.NDArray[np.float64]
    parameters: int
    seconds: float
    remembered: bool = False

    def __post_init__(self) -> None:
        for name in _RULES:
            object.__setattr__(self, name, checked(name, getattr(self, name)))
        for name in ("loss_E", "accuracy_E"):
            values_E = read_only(getattr(self, name), np.float64)
            if values_E.shape != (self.epochs + 1,):
                raise ConfigError(f"{name} must have shape ({self.epochs + 1},), got {values_E.shape}")
            object.__setattr__(self, name, values_E)
        if not isinstance(self.remembered, bool):
            raise ConfigError(f"remembered must be true or false, got {reprlib.repr(self.remembered)}")
        absent_E = np.isnan(self.accuracy_E) & ~np.isfinite(self.loss_E)
        outside = self.accuracy_E[~((self.accuracy_E >= 0) & (self.accuracy_E <= 1) | absent_E)]
        if outside.size:
            raise ConfigError(f"accuracy_E must be numbers in 0…1, got {outside[0]}")

    @property
    def first_right(self) -> int | None:
        """Return the first epoch at which all that is counted was right; None without one, or if it has diverged."""
        right = np.flatnonzero(self.accuracy_E == 1)
        return int(right[0]) if right.size and self.diverged_at is None else None

    @property
    def diverged_at(self) -> int | None:
        """Return the first epoch at which the loss was not finite, or None."""
        lost = np.flatnonzero(~np.isfinite(self.loss_E))
        return int(lost[0]) if lost.size else None

    @property
    def seconds_per_epoch(self) -> float:
        """The time of one update, the mean over all; nan where none was made."""
        return self.seconds / self.epochs if self.epochs else math.nan

    def to_json(self) -> str:
        """All attributes as a JSON object, to the last bit; ``from_json`` gives the run back."""
        values = {
            "config": asdict(self.config),
            "epochs": self.epochs,
            "loss_E": [loss if math.isfinite(loss) else str(loss) for loss in self.loss_E.tolist()],
            "accuracy_E": [share if math.isfinite(share) else str(share) for share in self.accuracy_E.tolist()],
            "parameters": self.parameters,
            "seconds": self.seconds,
            "remembered": self.remembered,
        }
        return json.dumps(values, ensure_ascii=True, allow_nan=False)

    @classmethod
    def from_json(cls, document: str) -> Run:
        """The run of ``to_json``'s object. Raises: ConfigError."""
        try:
            read = json.loads(document)
        except (ValueError, RecursionError):
            raise ConfigError(f"document must be a JSON object, got {reprlib.repr(document)}") from None
        values = _object("document", read, [field.name for field in fields(cls)])
        config = RunConfig(**_object("config", values["config"], RULES))
        curves = {name: _numbers(name, values[name]) for name in ("loss_E", "accuracy_E")}
        return cls(**{**values, "config": config, **curves})


def train_run(config: RunConfig, epochs: int, *, remembered: bool = False) -> Run:
    """The run of ``epochs`` updates, or of fewer where the loss is no longer finite; its numbers are ``Trainer``'s.

    Args:
        remembered: whether the last step of each line alone is counted in the accuracy.
    Raises: ConfigError, such as "epochs must be 0…20000, got -1".
    """
    last, trainer = checked("epochs", epochs), Trainer(config)
    records = []
    start = time.perf_counter()
    while trainer.epoch < last and trainer.stop is None:
        record = trainer.step(keep=False)
        records.append((record.loss_nats, _accuracy(record, trainer, remembered)))
    now = trainer.now
    seconds = time.perf_counter() - start
    loss_E, accuracy_E = zip(*records, (now.loss_nats, _accuracy(now, trainer, remembered)), strict=True)
    return Run(
        config=config,
        epochs=trainer.epoch,
        loss_E=np.array(loss_E),
        accuracy_E=np.array(accuracy_E),
        parameters=sum(parameter.numel() for parameter in trainer.model.parameters()),
        seconds=seconds,
        remembered=remembered,
    )


def last_accuracy(record: EpochRecord, targets: Sequence[Sequence[str]]) -> float:
    """Return the share of lines whose last prediction is right."""
    wrong = sum(
        any(t == len(target) - 1 for t, _token in errors) for errors, target in zip(record.errors, targets, strict=True)
    )
    return 1 - wrong / len(targets)


def _accuracy(record: EpochRecord, trainer: Trainer, remembered: bool) -> float:
    if not math.isfinite(record.loss_nats):
        return math.nan
    return last_accuracy(record, trainer.encoding.targets) if remembered else record.accuracy


def checked(name: str, value: object) -> Any:
    """The value of a run's ``epochs``, ``parameters`` or ``seconds``. Raises: ConfigError naming rule and value."""
    return check_value(name, _RULES[name], value)


def _object(name: str, value: object, keys: Iterable[str]) -> dict[str, Any]:
    """``value``, if it is a JSON object of these keys and no other."""
    if not isinstance(value, dict):
        raise ConfigError(f"{name} must be a JSON object, got {reprlib.repr(value)}")
    if value.keys() != set(keys):
        raise ConfigError(f"{name} must have the keys {', '.join(keys)}, got {reprlib.repr(list(value))}")
    return value


def _numbers(name: str, value: object) -> npt.NDArray[np.float64]:
    """A list of JSON, each of whose members is a finite number or a word of _NOT_FINITE."""
    if not isinstance(value, list):
        raise ConfigError(f"{name} must be a list of numbers, got {reprlib.repr(value)}")
    return np.array([_number(name, member) for member in value], dtype=np.float64)


def _number(name: str, member: object) -> float:
    if isinstance(member, str) and member in _NOT_FINITE:
        return _NOT_FINITE[member]
    if not isinstance(member, float) or not math.isfinite(member):
        raise ConfigError(f"{name} must be a list of numbers, got one with {reprlib.repr(member)}")
    return member
