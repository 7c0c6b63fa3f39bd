"""Up to 6 configs, each under up to 20 seeds, become curves side by side, a slice of work at a time.

All configs advance alike, epoch by epoch. The seeds of one are trained together, as one batched computation, where
that is cheaper; or one by one, and then every number is that of ``Trainer``, bit for bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from rnn_core.config import ConfigError, RunConfig, check_value
from rnn_core.cost import LARGE, multiply_adds
from rnn_core.ensemble import Ensemble
from rnn_core.model import build_model
from rnn_core.progress import State, classify, lower_bound
from rnn_core.rules import Whole
from rnn_core.runs import Run, last_accuracy
from rnn_core.training import Trainer

MAX_CONFIGS = 6
MAX_SEEDS = 20
MAX_EPOCHS_COMPARED = 2_000

MAX_PARAMETERS = 10_000_000
"""Of all networks that are trained side by side: with gradients and an optimizer's state they take 160 MB."""

TOGETHER = 20_000_000
"""Multiply–adds of one update of all seeds up to which they are trained together: beyond, there is little to save, and
one batched update would take longer than a page may wait."""

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """A number of every seed as its median and quartiles over the epochs; a seed that has diverged is left out.

    Attributes:
        epoch_E: int64, increasing, the first 0.
        low_E, median_E, high_E: float64; nan where no seed has a number.
    """

    epoch_E: npt.NDArray[np.int64]
    low_E: DoubleArray
    median_E: DoubleArray
    high_E: DoubleArray


class Comparison:
    """Trains every config under every seed.

    Attributes:
        configs: as asked for; the seed of each plays no part. seeds: as asked for. epochs: updates of each.
        lanes: what was measured so far of each config, in the same order.

    Args:
        remembered: whether only the last step of each line counts as right or wrong, as where one character is to be
            remembered: all others are right without any memory.

    Raises: ConfigError for no or too many configs, seeds or epochs, or one twice.
    """

    def __init__(
        self,
        configs: Iterable[RunConfig],
        seeds: Iterable[int],
        *,
        epochs: int,
        together: bool,
        remembered: bool = False,
    ) -> None:
        self.configs = tuple(replace(config, seed=0) for config in configs)
        self.seeds = tuple(seeds)
        self.epochs: int = check_value("epochs", Whole(1, MAX_EPOCHS_COMPARED), epochs)
        _check("configs", self.configs, MAX_CONFIGS)
        _check("seeds", self.seeds, MAX_SEEDS)
        for seed in self.seeds:
            replace(self.configs[0], seed=seed)  # the config's own rule
        self.lanes = tuple(
            Lane(config, self.seeds, epochs, together=together, remembered=remembered) for config in self.configs
        )
        if self.parameters > MAX_PARAMETERS:
            raise ConfigError(
                f"all networks together must have at most {MAX_PARAMETERS:,} parameters, got {self.parameters:,}; "
                "take fewer seeds, or smaller networks"
            )

    @property
    def parameters(self) -> int:
        """Of all networks."""
        return sum(lane.parameters for lane in self.lanes) * len(self.seeds)

    @property
    def done(self) -> bool:
        """Whether every run is at its end."""
        return all(lane.done for lane in self.lanes)

    @property
    def started(self) -> bool:
        """Whether any update was made."""
        return any(lane.epoch > 0 for lane in self.lanes)

    @property
    def share(self) -> float:
        """The share of all updates that are made or will not be needed, 0…1."""
        return sum(1.0 if lane.done else max(0, lane.epoch) / self.epochs for lane in self.lanes) / len(self.lanes)

    def measure(self) -> None:
        """Measures every untrained network, unless one waits for that: then the first slices do."""
        if sum(map(multiply_adds, self.configs)) * len(self.seeds) >= LARGE:
            return
        for lane in self.lanes:
            while lane.epoch < 0:
                lane.advance()

    def advance(self, seconds: float) -> None:
        """Works for about ``seconds``, at least one slice: the config that is farthest back goes first."""
        end = time.perf_counter() + seconds
        while not self.done:
            min((lane for lane in self.lanes if not lane.done), key=lambda lane: lane.epoch).advance()
            if time.perf_counter() >= end:
                return

    def runs(self) -> tuple[Run, ...]:
        """The run of every config and seed as far as it got, seeds within configs."""
        return tuple(run for lane in self.lanes for run in lane.runs())


class Lane:
    """The runs of one config.

    Attributes:
        config, seeds. parameters: of one network. together: whether the seeds are one batched computation.
        epoch: the last epoch that is measured of all seeds, −1 before the first.
        stopped: whether no seed has a loss any more that can be trained on.
        loss_EK: float64 (epochs + 1, K), nan where nothing is measured, and after the first loss that is not finite.
        accuracy_EK: the accuracy that is compared: of all steps, or of the last of each line (``remembered``); nan
            where nothing is measured, and from the epoch on at which the loss of a seed was not finite.
    """

    def __init__(
        self, config: RunConfig, seeds: Sequence[int], epochs: int, *, together: bool, remembered: bool = False
    ) -> None:
        self.config, self.seeds, self.remembered = config, tuple(seeds), remembered
        self.together = together and len(seeds) > 1 and multiply_adds(config) * len(seeds) <= TOGETHER
        self.loss_EK = np.full((epochs + 1, len(seeds)), np.nan)
        self.accuracy_EK = np.full((epochs + 1, len(seeds)), np.nan)
        self.seconds = 0.0
        self.parameters = sum(parameter.numel() for parameter in build_model(config).parameters())
        self.epoch = -1
        self.stopped = False
        self._work: _Together | _OneByOne | None = None

    @property
    def done(self) -> bool:
        """Whether all seeds are measured at the last epoch, or have no loss any more."""
        return self.stopped or self.epoch >= len(self.loss_EK) - 1

    def advance(self) -> None:
        """One slice: measures, and makes the update that leads there, of all seeds or of the next one."""
        start = time.perf_counter()
        if self._work is None:
            self._work = _Together(self) if self.together else _OneByOne(self)
        self._work.advance()
        if self.done:
            self._work = None  # the networks, of which nobody asks any more
        self.seconds += time.perf_counter() - start

    @property
    def seconds_per_epoch(self) -> float:
        """What one epoch of one seed took; nan before the first update."""
        return self.seconds / (self.epoch * len(self.seeds)) if self.epoch > 0 else float("nan")

    def band(self, values_EK: DoubleArray, points: int) -> Band:
        """Median and quartiles of ``loss_EK`` or ``accuracy_EK`` so far, at no more than ``points`` epochs."""
        last = max(0, self.epoch)
        epoch_E = np.unique(np.linspace(0, last, min(points, last + 1)).round().astype(np.int64))
        shown_EK = values_EK[epoch_E]
        known_E = np.isfinite(shown_EK).any(axis=1)
        quartiles = np.full((3, len(epoch_E)), np.nan)
        if known_E.any():
            found_EK = np.where(np.isfinite(shown_EK), shown_EK, np.nan)[known_E]
            quartiles[:, known_E] = np.nanquantile(found_EK, [0.25, 0.5, 0.75], axis=1)
        low_E, median_E, high_E = quartiles
        return Band(epoch_E=epoch_E, low_E=low_E, median_E=median_E, high_E=high_E)

    @property
    def first_right(self) -> tuple[int | None, ...]:
        """For each seed the first epoch at which all that counts was right, or None so far, or if it has diverged."""
        right_EK = self.accuracy_EK == 1
        firsts = (int(right_E.argmax()) if right_E.any() else None for right_E in right_EK.T)
        return tuple(None if lost is not None else first for first, lost in zip(firsts, self.diverged_at, strict=True))

    @property
    def diverged_at(self) -> tuple[int | None, ...]:
        """For each seed the first epoch at which its loss was not finite, or None so far."""
        lost_EK = ~np.isfinite(self.loss_EK[: max(0, self.epoch + 1)])
        return tuple(int(lost_E.argmax()) if lost_E.any() else None for lost_E in lost_EK.T)

    @property
    def right_now(self) -> int:
        """How many seeds have all that counts right at the last epoch that is measured."""
        return int((self.accuracy_EK[self.epoch] == 1).sum()) if self.epoch >= 0 else 0

    @property
    def states(self) -> tuple[State, ...]:
        """For each seed the state of its training as far as it got; () before anything is measured."""
        if self.epoch < 0:
            return ()
        return tuple(map(self._state, range(len(self.seeds)), self.diverged_at))

    def _state(self, k: int, lost: int | None) -> State:
        loss_E = self.loss_EK[: (self.epoch if lost is None else lost) + 1, k]
        wrong = np.flatnonzero(self.accuracy_EK[: len(loss_E), k] < 1)
        right_since = int(wrong[-1]) + 1 if wrong.size else 0
        bound = lower_bound(self.config)
        return classify(
            loss_E,
            guess_nats=math.log(len(self.config.vocabulary)),
            bound_nats=None if bound is None else bound[1],
            right_since=right_since if right_since < len(loss_E) else None,
        ).state

    def enter(self, epoch: int, k: int, *, loss: float, accuracy: float, last_accuracy: float) -> None:
        """Keep what was measured of seed k at ``epoch``."""
        if epoch > 0 and not math.isfinite(self.loss_EK[epoch - 1, k]):
            return
        self.loss_EK[epoch, k] = loss
        if math.isfinite(loss):
            self.accuracy_EK[epoch, k] = last_accuracy if self.remembered else accuracy

    def runs(self) -> tuple[Run, ...]:
        """The run of each seed as far as all of them are measured, or up to its first loss that is no number."""
        return tuple(self._run(k) for k in range(len(self.seeds))) if self.epoch >= 0 else ()

    def _run(self, k: int) -> Run:
        loss_E = self.loss_EK[: self.epoch + 1, k]
        ended = np.flatnonzero(~np.isfinite(loss_E))
        last = int(ended[0]) if len(ended) else self.epoch
        return Run(
            config=replace(self.config, seed=self.seeds[k]),
            epochs=last,
            loss_E=loss_E[: last + 1],
            accuracy_E=self.accuracy_EK[: last + 1, k],
            parameters=self.parameters,
            seconds=self.seconds / len(self.seeds) * (last + 1) / (self.epoch + 1),
            remembered=self.remembered,
        )


class _Together:
    """All seeds of a lane at once, by an Ensemble."""

    def __init__(self, lane: Lane) -> None:
        self._lane, self._ensemble = lane, Ensemble(lane.config, lane.seeds)

    def advance(self) -> None:
        lane = self._lane
        if lane.epoch >= 0:
            self._ensemble.step()
        now, lane.epoch = self._ensemble.now, self._ensemble.epoch
        measured = zip(now.loss_K, now.accuracy_K, now.last_accuracy_K, strict=True)
        for k, (loss, accuracy, last) in enumerate(measured):
            lane.enter(lane.epoch, k, loss=loss, accuracy=accuracy, last_accuracy=last)
        lane.stopped = not np.isfinite(lane.loss_EK[lane.epoch]).any()


class _OneByOne:
    """Each seed of a lane by a Trainer of its own, in turn."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._trainers = [Trainer(replace(lane.config, seed=seed)) for seed in lane.seeds]
        self._next = 0

    def advance(self) -> None:
        lane, trainer = self._lane, self._trainers[self._next]
        if lane.epoch >= 0 and trainer.stop is None:
            trainer.step(keep=False)
        if trainer.epoch == lane.epoch + 1:
            now = trainer.now
            last = last_accuracy(now, trainer.encoding.targets)
            lane.enter(now.epoch, self._next, loss=now.loss_nats, accuracy=now.accuracy, last_accuracy=last)
        self._next = (self._next + 1) % len(self._trainers)
        if self._next == 0:
            lane.epoch += 1
            lane.stopped = all(trainer.stop is not None for trainer in self._trainers)


def names(configs: Sequence[RunConfig]) -> tuple[str, ...]:
    """A name for each config: what of it differs among them, such as "gru" or "hidden_size 8"."""
    varied = [
        field.name for field in fields(RunConfig) if field.name not in ("seed", "text") and _differ(configs, field.name)
    ]
    return tuple(", ".join(_said(name, config) for name in varied) or str(config.cell) for config in configs)


def _differ(configs: Sequence[RunConfig], name: str) -> bool:
    return len({getattr(config, name) for config in configs}) > 1


def _said(name: str, config: RunConfig) -> str:
    value = getattr(config, name)
    if name in ("cell", "optimizer", "task", "nonlinearity"):
        return str(value)
    if name == "hidden_size":
        return f"hidden_size {config.units}"
    return f"{name} {value}"


def _check(name: str, values: Sequence[object], most: int) -> None:
    if not 1 <= len(values) <= most:
        raise ConfigError(f"{name} must be 1…{most}, got {len(values)}")
    if len(set(values)) < len(values):
        raise ConfigError(f"{name} must differ from each other, got one twice")
