"""A training is what a plain loop of a script does, measured before every update, and the same every time.

Tolerance: a loss and a gradient norm are sums of float32 products that a plain loop adds in another order, so both
sides agree to 1e-6 of their size and not to the bit. What is promised to the bit is compared to the bit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from rnn_core.config import Cell, ConfigError, Head, Nonlinearity, Optimizer, RunConfig, Task
from rnn_core.history import EpochRecord
from rnn_core.model import build_model
from rnn_core.presets import PRESETS
from rnn_core.training import SNAPSHOT_STRIDE, Stop, Trainer

PlainScript = Callable[[RunConfig], tuple[nn.RNNBase, nn.Module]]
Run = Callable[[nn.RNNBase, nn.Module, list[Tensor]], list[Tensor]]
OPTIMIZERS: dict[Optimizer, Callable[..., torch.optim.Optimizer]] = {
    Optimizer.ADAM: torch.optim.Adam,
    Optimizer.SGD: torch.optim.SGD,
    Optimizer.RMSPROP: torch.optim.RMSprop,
}
EPOCHS = 10
TOLERANCE = 1e-6
TRAIN = "Copy hello! world"
BATCH_FIRST_OFF = "Copy, batch_first off"
EXAMPLE = RunConfig("hello! world\nhello", cell=Cell.GRU, head=Head.LINEAR, num_layers=2, hidden_size=7, seed=5)


class Printed(NamedTuple):
    """What a script would print in one epoch."""

    loss: float
    accuracy: float
    decoded: tuple[str, ...]
    gradient_norm: float


class Lines(NamedTuple):
    """A text as a script prepares it, for texts of one code point a token."""

    characters: list[str]
    x: list[Tensor]
    target: list[Tensor]


def _prepare(config: RunConfig) -> Lines:
    lines = config.text.split("\n")
    characters = list(dict.fromkeys("".join(lines)))
    ids = [torch.tensor([characters.index(character) for character in line]) for line in lines]
    one_hot = [nn.functional.one_hot(line, len(characters)).float() for line in ids]
    if config.task is Task.NEXT:
        return Lines(characters, [x[:-1] for x in one_hot], [line[1:] for line in ids])
    return Lines(characters, one_hot, ids)


def _one_by_one(rnn: nn.RNNBase, head: nn.Module, x: list[Tensor]) -> list[Tensor]:
    """The logits of each line, run by itself."""
    return [head(rnn(line[None])[0])[0] for line in x]


def _padded(rnn: nn.RNNBase, head: nn.Module, x: list[Tensor]) -> list[Tensor]:
    """The logits of each line, run as a batch that the module reads whole, padding and all."""
    batch = head(rnn(nn.utils.rnn.pad_sequence(x, batch_first=True))[0])
    return [row[: len(line)] for row, line in zip(batch, x, strict=True)]


def _train_plainly(config: RunConfig, script: PlainScript, run: Run = _padded) -> list[Printed]:
    (rnn, head), lines = script(config), _prepare(config)
    parameters = [*rnn.parameters(), *head.parameters()]
    optimizer = OPTIMIZERS[config.optimizer](parameters, lr=config.learning_rate)
    total, printed = sum(map(len, lines.target)), []
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        logits = run(rnn, head, lines.x)
        losses = [
            nn.functional.cross_entropy(*pair, reduction="sum") for pair in zip(logits, lines.target, strict=True)
        ]
        loss = torch.stack(losses).sum() / total
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(parameters, config.clip_norm or math.inf)
        said = [line.argmax(dim=1) for line in logits]
        right = sum(int((s == t).sum()) for s, t in zip(said, lines.target, strict=True))
        decoded = tuple("".join(lines.characters[index] for index in line) for line in said)
        printed.append(Printed(loss.item(), right / total, decoded, norm.item()))
        optimizer.step()
    return printed


def _assert_same(history: list[EpochRecord], printed: list[Printed]) -> None:
    approx = pytest.approx
    assert [record.decoded for record in history] == [epoch.decoded for epoch in printed]
    for field, ours, theirs in (
        ("loss", [r.loss_nats for r in history], [p.loss for p in printed]),
        ("accuracy", [r.accuracy for r in history], [p.accuracy for p in printed]),
        ("gradient_norm", [r.gradient_norm for r in history], [p.gradient_norm for p in printed]),
    ):
        assert ours == approx(theirs, rel=TOLERANCE, abs=TOLERANCE), field


# --- against a plain loop --------------------------------------------------------------------------------------------


def test_a_run_is_that_of_a_plain_loop(
    prime_config: Callable[..., RunConfig],
    plain_script: PlainScript,
    cell: dict[str, Any],
    task: Task,
    head: Head,
    batch_first: bool,
) -> None:
    config = prime_config(**cell, task=task, head=head, batch_first=batch_first)
    _assert_same(list(Trainer(config).run(EPOCHS)), _train_plainly(config, plain_script))


def test_a_run_on_unequal_lines_is_that_of_the_lines_one_by_one(
    prime_config: Callable[..., RunConfig],
    plain_script: PlainScript,
    cell: dict[str, Any],
    task: Task,
    num_layers: int,
    bidirectional: bool,
) -> None:
    # SGD, for it does not divide by the gradient: what differs in the last bit does not grow.
    options = {
        "optimizer": Optimizer.SGD,
        "lengths": (4, 7, 3),
        "num_layers": num_layers,
        "bidirectional": bidirectional,
    }
    config = prime_config(**cell, **options, task=task)
    _assert_same(list(Trainer(config).run(EPOCHS)), _train_plainly(config, plain_script, _one_by_one))


def test_a_run_that_takes_b_as_time_reads_the_padding(
    prime_config: Callable[..., RunConfig], plain_script: PlainScript, cell: dict[str, Any], task: Task
) -> None:
    config = prime_config(**cell, task=task, batch_first=False, lengths=(4, 7, 3))
    _assert_same(list(Trainer(config).run(EPOCHS)), _train_plainly(config, plain_script))


def test_a_run_of_a_deep_network_is_that_of_a_plain_loop(
    prime_config: Callable[..., RunConfig],
    plain_script: PlainScript,
    cell: dict[str, Any],
    num_layers: int,
    bidirectional: bool,
    head: Head,
) -> None:
    config = prime_config(**cell, num_layers=num_layers, bidirectional=bidirectional, head=head, learning_rate=0.01)
    _assert_same(list(Trainer(config).run(EPOCHS)), _train_plainly(config, plain_script))


@pytest.mark.parametrize("optimizer", list(Optimizer))
@pytest.mark.parametrize("clip_norm", [None, 0.25, 100.0])
def test_an_update_is_that_of_torchs_optimizer(
    prime_config: Callable[..., RunConfig], plain_script: PlainScript, optimizer: Optimizer, clip_norm: float | None
) -> None:
    config = prime_config(cell=Cell.GRU, optimizer=optimizer, clip_norm=clip_norm, learning_rate=0.01)
    _assert_same(list(Trainer(config).run(EPOCHS)), _train_plainly(config, plain_script))


@pytest.mark.parametrize("preset", [TRAIN, BATCH_FIRST_OFF])
def test_a_run_is_that_of_the_notes_cells(plain_script: PlainScript, preset: str) -> None:
    config, test = PRESETS[preset], "hello! world"
    characters = list(dict.fromkeys(test))
    X = torch.eye(9)[[characters.index(c) for c in test]][None]
    y = torch.tensor([[characters.index(c) for c in test]])
    rnn, _ = plain_script(config)
    loss_fun = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(rnn.parameters(), lr=0.1)
    printed = []
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        outputs, _ = rnn(X)
        loss = loss_fun(outputs.view(-1, 9), y.view(-1))
        loss.backward()
        optimizer.step()
        result = outputs.data.numpy().argmax(axis=2)
        printed.append((loss.item(), "".join(characters[index] for index in result[0])))
    history = Trainer(config).run(EPOCHS)
    assert [record.decoded for record in history] == [(text,) for _, text in printed]
    losses = [loss for loss, _ in printed]
    assert [record.loss_nats for record in history] == pytest.approx(losses, rel=TOLERANCE, abs=TOLERANCE)


# --- the history -----------------------------------------------------------------------------------------------------


def test_the_first_record_is_the_untrained_network() -> None:
    trainer = Trainer(EXAMPLE)
    encoding = trainer.encoding
    logits, _, _ = build_model(EXAMPLE)(torch.tensor(encoding.x_BTV), torch.tensor(encoding.length_B))
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(encoding.target_BT).flatten())
    assert trainer.run(3)[0].loss_nats == loss.item()


def test_epochs_are_counted_from_0() -> None:
    trainer = Trainer(EXAMPLE)
    assert trainer.epoch == 0
    assert [record.epoch for record in trainer.run(3)] == [0, 1, 2]
    assert (trainer.epoch, trainer.now.epoch) == (3, 3)


def test_a_step_returns_the_record_it_enters() -> None:
    trainer = Trainer(EXAMPLE)
    records = [trainer.step() for _ in range(3)]
    assert list(trainer.history) == records


def test_now_is_the_record_that_the_next_step_returns() -> None:
    trainer = Trainer(EXAMPLE)
    for _ in range(3):
        assert trainer.now == trainer.step()


def test_to_look_at_now_changes_nothing() -> None:
    watched, alone = Trainer(EXAMPLE), Trainer(EXAMPLE)
    for _ in range(5):
        assert watched.now is watched.now
        assert watched.stop is None
        watched.step()
        watched.model_at(1)
    assert list(watched.history) == list(alone.run(5))


def test_errors_are_the_steps_said_wrong() -> None:
    trainer = Trainer(EXAMPLE)
    records = trainer.run(20)
    for record in (records[0], records[-1]):
        pairs = [
            zip(said, asked, strict=True) for said, asked in zip(record.decoded, EXAMPLE.text.split("\n"), strict=True)
        ]
        wrong = tuple(tuple((t, s) for t, (s, a) in enumerate(pair) if s != a) for pair in pairs)
        assert record.errors == wrong
    assert len(records[0].errors[0]) > 0


def test_accuracy_1_has_no_errors() -> None:
    record = Trainer(PRESETS[TRAIN]).run(50)[-1]
    assert (record.accuracy, record.decoded, record.errors) == (1.0, ("hello! world",), ((),))


# --- the same, every time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{}, {"cell": Cell.LSTM, "bidirectional": True}, {"optimizer": Optimizer.RMSPROP}])
def test_the_same_config_has_the_same_history(change: dict[str, Any]) -> None:
    config = replace(EXAMPLE, **change)
    assert list(Trainer(config).run(EPOCHS)) == list(Trainer(config).run(EPOCHS))


def test_two_threads_at_once_have_the_history_of_one() -> None:
    alone = list(Trainer(EXAMPLE).run(EPOCHS))
    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda config: list(Trainer(config).run(EPOCHS)), [EXAMPLE, EXAMPLE]))
    assert both == [alone, alone]


def test_a_fresh_process_has_the_same_history(fresh_process: Callable[..., str]) -> None:
    code = (
        "import json; from rnn_core import RunConfig, Trainer;"
        f"history = Trainer(RunConfig.from_query({EXAMPLE.to_query()!r})).run({EPOCHS});"
        "print(json.dumps([(r.loss_nats.hex(), r.accuracy.hex(), r.decoded, r.gradient_norm.hex()) for r in history]))"
    )
    here = [
        [r.loss_nats.hex(), r.accuracy.hex(), list(r.decoded), r.gradient_norm.hex()]
        for r in Trainer(EXAMPLE).run(EPOCHS)
    ]
    assert json.loads(fresh_process(code, hash_seed=3)) == here


def test_a_link_and_an_epoch_are_the_run() -> None:
    linked = RunConfig.from_query(EXAMPLE.to_query())
    assert list(Trainer(linked).run(EPOCHS)) == list(Trainer(EXAMPLE).run(EPOCHS))


# --- the model at an epoch -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epoch", [0, 2, 5])
def test_the_model_at_an_epoch_is_a_fresh_trainers(epoch: int) -> None:
    trainer, fresh = Trainer(EXAMPLE), Trainer(EXAMPLE)
    trainer.run(5)
    fresh.run(epoch)
    ours, theirs = trainer.model_at(epoch).state_dict(), fresh.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("optimizer", list(Optimizer))
@pytest.mark.parametrize("most_bytes", [1 << 20, 20_000])
def test_a_replay_from_a_snapshot_is_the_run_itself(
    monkeypatch: pytest.MonkeyPatch, optimizer: Optimizer, most_bytes: int
) -> None:
    # 20,000 bytes hold so few snapshots of this network that most are dropped again on the way.
    monkeypatch.setattr("rnn_core.training.SNAPSHOT_STRIDE", 2)
    monkeypatch.setattr("rnn_core.training.SNAPSHOT_BYTES", most_bytes)
    trainer, weights = Trainer(replace(EXAMPLE, optimizer=optimizer, clip_norm=0.1)), []
    for _ in range(13):
        weights.append(torch.cat([parameter.detach().flatten() for parameter in trainer.model.parameters()]))
        trainer.step()
    for epoch, then in enumerate(weights):
        again = [parameter.detach().flatten() for parameter in trainer.model_at(epoch).parameters()]
        assert torch.equal(torch.cat(again), then)


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The epoch that every update leads to, of any trainer, as it is made."""
    made: list[int] = []
    update = Trainer._update

    def counted(trainer: Trainer) -> None:
        update(trainer)
        made.append(trainer.epoch)

    monkeypatch.setattr(Trainer, "_update", counted)
    return made


@pytest.mark.parametrize("epoch", [0, 1, 15, 16, 17, 63, 64, 79, 80])
def test_a_replay_makes_the_updates_since_the_last_snapshot_only(updates: list[int], epoch: int) -> None:
    trainer = Trainer(EXAMPLE)
    trainer.run(80)
    updates.clear()
    trainer.model_at(epoch)
    last = epoch - epoch % SNAPSHOT_STRIDE if epoch < 80 else epoch
    assert updates == list(range(last + 1, epoch + 1))


def test_the_fewer_snapshots_fit_the_longer_is_a_replay_up_to_a_bound(
    updates: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(EXAMPLE)
    trainer.run(SNAPSHOT_STRIDE)
    weights, state = trainer._snapshots[SNAPSHOT_STRIDE]
    size = weights.nbytes + sum(value.nbytes for value in state.values())
    monkeypatch.setattr("rnn_core.training.SNAPSHOT_BYTES", 3 * size)
    trainer.run(8 * SNAPSHOT_STRIDE)
    assert list(trainer._snapshots) == [64, 128]
    for epoch, start in ((63, 0), (100, 64), (143, 128)):
        updates.clear()
        trainer.model_at(epoch)
        assert updates == list(range(start + 1, epoch + 1))


def test_a_network_too_large_for_a_snapshot_replays_from_the_start(
    updates: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnn_core.training.SNAPSHOT_BYTES", 100)
    trainer = Trainer(EXAMPLE)
    trainer.run(33)
    updates.clear()
    trainer.model_at(32)
    assert updates == list(range(1, 33))


@pytest.mark.parametrize("epoch", [0, 2, 5])
def test_the_model_at_an_epoch_stays_when_the_live_one_moves(epoch: int) -> None:
    trainer = Trainer(EXAMPLE)
    trainer.run(5)
    x = torch.tensor(trainer.encoding.x_BTV)
    model = trainer.model_at(epoch)
    before, _, _ = model(x)
    trainer.run(2)
    assert torch.equal(model(x)[0], before)


@pytest.mark.parametrize("epoch", [2, 5])
def test_the_live_model_stays_when_the_one_at_an_epoch_moves(epoch: int) -> None:
    trainer, untouched = Trainer(EXAMPLE), Trainer(EXAMPLE)
    trainer.run(5)
    for parameter in trainer.model_at(epoch).parameters():
        nn.init.zeros_(parameter)
    assert list(trainer.run(2)) == list(untouched.run(7))


@pytest.mark.parametrize("epoch", [-1, 4])
def test_there_is_no_model_at_an_epoch_not_reached(epoch: int) -> None:
    trainer = Trainer(EXAMPLE)
    trainer.run(3)
    with pytest.raises(ConfigError, match=rf"^epoch must be 0…3, got {epoch}$"):
        trainer.model_at(epoch)


# --- its memory ------------------------------------------------------------------------------------------------------

# What torch's optimizers keep for each weight, as numbers, and the count of updates, one number: the moments of Adam,
# the mean square of RMSprop, nothing of SGD without momentum.
KEPT = {Optimizer.ADAM: (2, 1), Optimizer.SGD: (0, 0), Optimizer.RMSPROP: (1, 1)}


@pytest.mark.parametrize("optimizer", list(Optimizer))
def test_a_training_takes_its_weights_gradients_optimizer_snapshots_and_history(optimizer: Optimizer) -> None:
    trainer = Trainer(replace(EXAMPLE, optimizer=optimizer))
    weights = next(trainer.model.parameters()).untyped_storage().nbytes()
    assert weights >= sum(parameter.nbytes for parameter in trainer.model.parameters())
    assert trainer.nbytes == 2 * weights
    moments, count = KEPT[optimizer]
    state = moments * weights + 4 * count
    for epoch in range(1, 2 * SNAPSHOT_STRIDE + 2):
        trainer.step()
        snapshots = epoch // SNAPSHOT_STRIDE
        assert trainer.nbytes == 2 * weights + state + snapshots * (weights + state) + trainer.history.nbytes


@pytest.mark.parametrize("optimizer", list(Optimizer))
def test_a_trainings_memory_grows_and_to_ask_for_it_changes_nothing(optimizer: Optimizer) -> None:
    watched, alone = (Trainer(replace(EXAMPLE, optimizer=optimizer)) for _ in range(2))
    sizes = [watched.nbytes]
    for _ in range(SNAPSHOT_STRIDE + 1):
        watched.step()
        sizes.append(watched.nbytes)
    assert sizes == sorted(set(sizes))
    assert list(watched.history) == list(alone.run(SNAPSHOT_STRIDE + 1))
    assert watched.now == alone.now


def test_snapshots_that_were_dropped_take_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_core.training.SNAPSHOT_BYTES", 100)
    trainer = Trainer(EXAMPLE)
    weights = next(trainer.model.parameters()).untyped_storage().nbytes()
    trainer.run(33)
    assert trainer.nbytes == 2 * weights + 2 * weights + 4 + trainer.history.nbytes


# --- where a training ends -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("epochs", [-1, 20_001])
def test_a_run_beyond_the_limit_is_refused_before_any_update(epochs: int) -> None:
    trainer = Trainer(EXAMPLE)
    with pytest.raises(ConfigError, match=rf"^epochs must be 0…20000, got {epochs}$"):
        trainer.run(epochs)
    assert trainer.epoch == 0


def test_the_last_step_is_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_core.training.MAX_EPOCHS", 3)
    trainer = Trainer(EXAMPLE)
    trainer.run(2)
    assert trainer.stop is None
    trainer.step()
    assert trainer.stop is Stop.EPOCH_LIMIT
    with pytest.raises(ConfigError, match=r"^epoch must be at most 3, got 4$"):
        trainer.step()
    with pytest.raises(ConfigError, match=r"^epochs must be 0…0, got 1$"):
        trainer.run(1)
    assert [record.epoch for record in trainer.history] == [0, 1, 2]


@pytest.mark.parametrize("clip_norm", [None, 1e30])
def test_a_loss_that_explodes_is_said_and_not_raised(clip_norm: float | None) -> None:
    config = RunConfig(
        nonlinearity=Nonlinearity.RELU,
        head=Head.LINEAR,
        optimizer=Optimizer.SGD,
        learning_rate=10,
        clip_norm=clip_norm,
    )
    trainer = Trainer(config)
    trainer.run(30)
    finite = [record.finite for record in trainer.history]
    assert finite == [math.isfinite(record.loss_nats) for record in trainer.history]
    assert (finite[0], finite[-1]) == (True, False)
    assert trainer.stop is Stop.NOT_FINITE


# --- what the notes' experiments show --------------------------------------------------------------------------------


def test_with_batch_first_off_nothing_recurs() -> None:
    trainer = Trainer(PRESETS[BATCH_FIRST_OFF])
    untrained = build_model(trainer.config)
    trainer.run(EPOCHS)
    assert trainer.now.gradient_norm > 0
    gradients = {name: parameter.grad for name, parameter in trainer.model.rnn.named_parameters()}
    assert gradients["weight_hh_l0"] is not None
    assert not gradients["weight_hh_l0"].any()
    assert torch.equal(trainer.model.rnn.state_dict()["weight_hh_l0"], untrained.rnn.state_dict()["weight_hh_l0"])


def test_without_a_head_the_loss_stays_above_its_floor() -> None:
    floor = math.log(1 + 8 * math.exp(-2))
    losses = [record.loss_nats for record in Trainer(PRESETS[TRAIN]).run(300)]
    assert floor == pytest.approx(0.73366, abs=5e-6)
    assert min(losses) > floor
    assert losses[-1] < floor + 0.01


@pytest.mark.parametrize("preset", [TRAIN, BATCH_FIRST_OFF])
def test_copying_is_learned_within_fifty_epochs(preset: str) -> None:
    assert max(record.accuracy for record in Trainer(PRESETS[preset]).run(50)) == 1


def test_without_memory_the_next_character_is_right_8_times_of_11() -> None:
    # Where B is taken as time, a single line is sequences of length 1: only the current character is known.
    config = RunConfig(task=Task.NEXT, head=Head.LINEAR, batch_first=False)
    assert max(record.accuracy for record in Trainer(config).run(200)) == pytest.approx(8 / 11, abs=1e-12)


def test_with_memory_the_next_character_is_right_11_times_of_11() -> None:
    assert max(record.accuracy for record in Trainer(PRESETS["Next character"]).run(200)) == 1


def test_a_gru_remembers_one_character_across_ten_dots() -> None:
    dots = "." * 10
    config = RunConfig(
        f"a{dots}a\nb{dots}b", task=Task.NEXT, cell=Cell.GRU, head=Head.LINEAR, hidden_size=16, learning_rate=0.01
    )
    assert max(record.accuracy for record in Trainer(config).run(200)) == 1
