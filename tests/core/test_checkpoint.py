"""A file is the training itself, to the bit, and whatever else is brought as one is refused with a sentence."""

from __future__ import annotations

import io
import json
import math
import pickle
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import load, save
from safetensors.torch import load_file
from torch import nn

from rnn_core.checkpoint import (
    FORMAT,
    MAX_CONFIG_BYTES,
    MAX_FILE_BYTES,
    MAX_HEADER_BYTES,
    config_from_file,
    from_safetensors,
    to_safetensors,
)
from rnn_core.config import (
    MAX_CODE_POINTS,
    MAX_EPOCHS,
    MAX_HIDDEN_SIZE,
    MAX_LAYERS,
    MAX_LINES,
    MAX_TOKENS,
    MAX_VOCABULARY,
    Cell,
    ConfigError,
    Head,
    Nonlinearity,
    Optimizer,
    RunConfig,
    Task,
)
from rnn_core.history import EpochRecord
from rnn_core.tables import history_parquet, history_table, read_history_parquet
from rnn_core.training import Branch, Trainer

BEFORE, AFTER = 7, 9
EXAMPLE = RunConfig("hello! world\nhello", cell=Cell.LSTM, head=Head.LINEAR, hidden_size=5, num_layers=2, seed=5)
SMALL = RunConfig("hello")


def trained(config: RunConfig, epochs: int = BEFORE, branch: Branch | None = None) -> Trainer:
    trainer = Trainer(config, branch)
    trainer.run(epochs)
    return trainer


def assert_same(ours: Trainer, theirs: Trainer) -> None:
    """Weights, the optimizer's state, the history and what comes next, to the bit."""
    assert (ours.config, ours.branch, ours.epoch) == (theirs.config, theirs.branch, theirs.epoch)
    left, right = ours.tensors(), theirs.tensors()
    assert left.keys() == right.keys()
    assert [name for name in left if not torch.equal(left[name], right[name])] == []
    assert ours.history == theirs.history
    assert ours.now == theirs.now


def assert_goes_on(trainer: Trainer) -> None:
    """A file of ``trainer`` is it, now and after the updates that both make next."""
    back = from_safetensors(to_safetensors(trainer))
    assert_same(back, trainer)
    for each in (back, trainer):
        each.run(AFTER)
    assert_same(back, trainer)


# --- there and back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", list(Optimizer))
@pytest.mark.parametrize(("num_layers", "bidirectional"), [(1, False), (2, True)])
def test_a_training_that_was_a_file_goes_on_as_the_one_that_never_was(
    prime_config: Callable[..., RunConfig],
    cell: dict[str, Any],
    optimizer: Optimizer,
    head: Head,
    num_layers: int,
    bidirectional: bool,
) -> None:
    options = {"num_layers": num_layers, "bidirectional": bidirectional, "learning_rate": 0.01}
    assert_goes_on(trained(prime_config(**cell, **options, head=head, optimizer=optimizer)))


@pytest.mark.parametrize(
    "change",
    [{"batch_first": False}, {"task": Task.NEXT}, {"clip_norm": 0.1}, {"text": "한 a\r\n👩\u200d🚀\0e\u0301"}],
    ids=str,
)
def test_whatever_its_config_a_training_goes_on(change: dict[str, Any]) -> None:
    assert_goes_on(trained(replace(EXAMPLE, **change)))


@pytest.mark.parametrize("optimizer", list(Optimizer))
@pytest.mark.parametrize("epoch", [0, 1])
def test_a_training_that_has_hardly_begun_goes_on(optimizer: Optimizer, epoch: int) -> None:
    assert_goes_on(trained(replace(EXAMPLE, optimizer=optimizer), epoch))


@pytest.mark.parametrize(
    "branch", [Branch(epoch=4, learning_rate=0.01), Branch(epoch=11, learning_rate=1, clip_norm=0.5)]
)
def test_a_branch_goes_on_as_a_branch(branch: Branch) -> None:
    assert_goes_on(trained(EXAMPLE, branch=branch))


def test_a_file_goes_on_in_another_process_which_had_no_need_of_safetensors_before(
    fresh_process: Callable[..., str], tmp_path: Path
) -> None:
    trainer, file = trained(EXAMPLE), tmp_path / "run.safetensors"
    file.write_bytes(to_safetensors(trainer))
    code = (
        "import pathlib, sys, rnn_core; print('safetensors' in sys.modules);"
        "from rnn_core.checkpoint import from_safetensors;"
        f"trainer = from_safetensors(pathlib.Path({str(file)!r}).read_bytes());"
        f"print(*(record.loss_nats.hex() for record in trainer.run({AFTER})))"
    )
    losses = [record.loss_nats.hex() for record in trainer.run(AFTER)]
    assert fresh_process(code, hash_seed=3).split() == ["False", *losses]


def test_the_same_training_is_the_same_file() -> None:
    branch = Branch(epoch=4, learning_rate=0.01)
    files = {to_safetensors(trained(EXAMPLE, branch=branch)) for _ in range(5)}
    assert len(files) == 1
    assert to_safetensors(from_safetensors(*files)) in files


def test_to_make_a_file_changes_nothing() -> None:
    trainer = trained(EXAMPLE)
    to_safetensors(trainer)
    trainer.run(AFTER)
    assert_same(trainer, trained(EXAMPLE, BEFORE + AFTER))


@pytest.mark.parametrize("block_bytes", [1, 64, 1 << 16])
def test_the_history_of_a_file_is_kept_as_if_it_had_been_made_here(
    monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    # 64 bytes close a block every few epochs, 1 at each.
    monkeypatch.setattr("rnn_core.history.BLOCK_BYTES", block_bytes)
    for epochs in (0, 1, 23, 210):
        made = trained(SMALL, epochs)
        back = from_safetensors(to_safetensors(made))
        ours, theirs = back.history, made.history
        assert (ours.nbytes, ours.wrong_until) == (theirs.nbytes, theirs.wrong_until)
        assert ours.recent(5) == theirs.recent(5)
        assert [part.tolist() for part in (ours.curve(made.now).epoch_E, ours.curve(made.now).loss_E)] == [
            part.tolist() for part in (theirs.curve(made.now).epoch_E, theirs.curve(made.now).loss_E)
        ]
    assert 0 < made.history.wrong_until < 210


def test_what_is_wrong_behind_a_lines_end_is_not_wrong() -> None:
    made = trained(replace(EXAMPLE, text="ab\na", cell=Cell.RNN, num_layers=1), 60)
    assert made.history[-1].accuracy == 1
    assert (made.history.columns()["predicted"][-1] != made.encoding.target_BT).any()
    assert from_safetensors(to_safetensors(made)).history.wrong_until == made.history.wrong_until < 60


def test_an_exploded_mean_square_is_kept() -> None:
    trainer = trained(replace(EXAMPLE, optimizer=Optimizer.RMSPROP))
    trainer.tensors()["optimizer.square_avg.head.bias"][0] = math.inf
    assert_goes_on(trainer)
    assert trainer.tensors()["optimizer.square_avg.head.bias"][0] == math.inf


@pytest.mark.parametrize("most_bytes", [1 << 20, 100])
@pytest.mark.parametrize("epoch", [0, BEFORE])
def test_a_replay_starts_from_the_weights_of_the_file(
    monkeypatch: pytest.MonkeyPatch, most_bytes: int, epoch: int
) -> None:
    # Weights that this config does not lead to, as those of another processor are in their last bits.
    monkeypatch.setattr("rnn_core.training.SNAPSHOT_BYTES", most_bytes)
    trainer, weights = from_safetensors(with_numbers(WEIGHT, (1, 2), 0.5, epoch=epoch)), []
    for _ in range(20):
        weights.append(trainer.model.rnn.state_dict()["weight_ih_l0"].clone())
        trainer.step()
    assert weights[0][1, 2] == 0.5
    for past in (0, 1, 15, 19):
        assert torch.equal(trainer.model_at(epoch + past).rnn.state_dict()["weight_ih_l0"], weights[past])


# --- what others read ------------------------------------------------------------------------------------------------


def test_torchs_own_modules_take_the_weights(tmp_path: Path, bidirectional: bool) -> None:
    trainer, file = trained(replace(EXAMPLE, bidirectional=bidirectional)), tmp_path / "run.safetensors"
    file.write_bytes(to_safetensors(trainer))
    tensors = load_file(file)
    rnn = nn.LSTM(9, 5, 2, bidirectional=bidirectional, batch_first=True)
    head = nn.Linear(10 if bidirectional else 5, 9)
    for prefix, module in (("rnn.", rnn), ("head.", head)):
        own = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
        module.load_state_dict(own)
    x = torch.tensor(trainer.encoding.x_BTV)
    assert torch.equal(head(rnn(x)[0]), trainer.model(x)[0])


def test_the_history_is_a_column_for_each_number(tmp_path: Path) -> None:
    trainer, file = trained(SMALL), tmp_path / "run.safetensors"
    file.write_bytes(to_safetensors(trainer))
    tensors = load_file(file)
    records = list(trainer.history)
    assert tensors["history.loss"].tolist() == [record.loss_nats for record in records]
    assert tensors["history.gradient_norm"].tolist() == [record.gradient_norm for record in records]
    tokens = trainer.encoding.vocabulary.tokens
    said = [["".join(tokens[token] for token in line) for line in epoch] for epoch in tensors["history.predicted"]]
    assert said == [list(record.decoded) for record in records]


def test_the_header_says_config_epoch_and_branch(tmp_path: Path) -> None:
    branch, file = Branch(epoch=4, learning_rate=0.01), tmp_path / "run.safetensors"
    file.write_bytes(to_safetensors(trained(SMALL, branch=branch)))
    with safe_open(file, "numpy") as opened:
        metadata = opened.metadata()
    assert RunConfig.from_json(metadata.pop("config")) == SMALL
    assert Branch(**json.loads(metadata.pop("branch"))) == branch
    assert metadata == {"format": FORMAT, "epoch": str(BEFORE)}


# What torch's optimizer keeps of a parameter of its own; a plain loop adds in another order, hence a tolerance.
@pytest.mark.parametrize("optimizer", list(Optimizer))
def test_the_optimizers_state_is_torchs_for_each_parameter(
    plain_script: Callable[[RunConfig], tuple[nn.RNNBase, nn.Module]], optimizer: Optimizer
) -> None:
    config = RunConfig("hello", cell=Cell.GRU, head=Head.LINEAR, hidden_size=3, optimizer=optimizer)
    trainer = Trainer(config)
    model = nn.ModuleDict(dict(zip(("rnn", "head"), plain_script(config), strict=True)))
    classes: Mapping[Optimizer, Callable[..., torch.optim.Optimizer]] = {
        Optimizer.ADAM: torch.optim.Adam,
        Optimizer.SGD: torch.optim.SGD,
        Optimizer.RMSPROP: torch.optim.RMSprop,
    }
    updates = classes[optimizer](model.parameters(), lr=config.learning_rate)
    for _ in range(3):
        updates.zero_grad()
        logits = model["head"](model["rnn"](torch.tensor(trainer.encoding.x_BTV))[0])
        nn.functional.cross_entropy(logits[0], torch.tensor(trainer.encoding.target_BT[0])).backward()  # type: ignore[no-untyped-call]
        updates.step()
        trainer.step()
    theirs = {
        f"optimizer.{kept}" + ("" if kept == "step" else f".{name}"): value
        for name, parameter in model.named_parameters()
        for kept, value in updates.state[parameter].items()
        if value is not None
    }
    ours = {name: value for name, value in load(to_safetensors(trainer)).items() if name.startswith("optimizer.")}
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value.numpy(), rtol=1e-4, atol=1e-7, err_msg=name)


# --- how much --------------------------------------------------------------------------------------------------------


def test_the_largest_training_within_the_limits_is_no_larger_than_a_file_may_be() -> None:
    with torch.device("meta"):
        rnn = nn.LSTM(MAX_VOCABULARY, MAX_HIDDEN_SIZE, MAX_LAYERS, bidirectional=True)
        head = nn.Linear(2 * MAX_HIDDEN_SIZE, MAX_VOCABULARY)
    weights = sum(parameter.nbytes for module in (rnn, head) for parameter in module.parameters())
    history = MAX_EPOCHS * (MAX_TOKENS + 2 * 8)
    assert MAX_HEADER_BYTES + 3 * weights + history < MAX_FILE_BYTES < 2 * (3 * weights + history)


def test_the_longest_config_of_the_deepest_network_comes_back() -> None:
    # Code points that JSON writes in 12 bytes, and the JSON within a header's JSON in 14.
    token = "\U00010400" + 3 * "\U000e0100"
    text = "\n".join([token * 255] * MAX_LINES)
    deepest = RunConfig(
        text, cell=Cell.LSTM, head=Head.LINEAR, hidden_size=1, num_layers=MAX_LAYERS, bidirectional=True
    )
    assert MAX_CODE_POINTS - 50 < len(text) <= MAX_CODE_POINTS
    assert config_from_file(deepest.to_json().encode()) == deepest
    trainer = trained(deepest, 1)
    assert_same(from_safetensors(to_safetensors(trainer)), trainer)


def test_a_training_that_exploded_is_no_file() -> None:
    config = RunConfig(nonlinearity=Nonlinearity.RELU, head=Head.LINEAR, optimizer=Optimizer.SGD, learning_rate=10)
    with pytest.raises(ConfigError, match=r"^rnn\.weight_ih_l0 must be finite numbers, got nan$"):
        to_safetensors(trained(config, 30))


def test_a_training_without_its_history_is_no_file() -> None:
    with pytest.raises(ConfigError, match=r"^history must have the record of every epoch before 7, got 0$"):
        to_safetensors(trained(SMALL).copied())


# --- what is refused -------------------------------------------------------------------------------------------------

GOOD = to_safetensors(trained(SMALL))
START = 8 + int.from_bytes(GOOD[:8], "little")
HEADER: dict[str, Any] = json.loads(GOOD[8:START])
WEIGHT = "rnn.weight_ih_l0"


def assembled(header: str | bytes, numbers: bytes = GOOD[START:]) -> bytes:
    document = header if isinstance(header, bytes) else header.encode()
    return len(document).to_bytes(8, "little") + document + numbers


def changed(**entries: Any) -> bytes:
    """A good file but for what its header says of some tensors; what is None there is left out."""
    merged = {name: entry for name, entry in (HEADER | entries).items() if entry is not None}
    return assembled(json.dumps(merged))


def said(**metadata: Any) -> bytes:
    """A good file but for some of its metadata; what is None there is left out."""
    merged = {name: value for name, value in (HEADER["__metadata__"] | metadata).items() if value is not None}
    return changed(__metadata__=merged)


def with_numbers(name: str, place: Any, value: float, *, epoch: int = BEFORE) -> bytes:
    """A good file but for one number."""
    file = to_safetensors(trained(SMALL, epoch))
    header = json.loads(file[8 : 8 + int.from_bytes(file[:8], "little")])
    arrays = {each: numbers.copy() for each, numbers in load(file).items()}
    arrays[name][place] = value
    return save(arrays, header["__metadata__"])


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.pkl", b"0" * 100)
    return file.getvalue()


OURS = "file must be a safetensors file exported here, got "
ONCE = "must be a JSON object with each key once, got "
OFFSETS = OURS + "one whose data_offsets do not fit its tensors"
SHAPE = f"{WEIGHT} must be F32 of shape (4, 4), got "
ENTRY = HEADER[WEIGHT]
FIRST, LAST = ENTRY["data_offsets"]
BOMB = '{"a":' * 100_000 + "}" * 100_000
NESTED = '{"seed":' + "[" * 400 + "]" * 400 + "}"
CONFIG = HEADER["__metadata__"]["config"]
BRANCH = "branch must have the keys epoch, learning_rate, clip_norm, got "

HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", OURS + "0 bytes"),
    "7 bytes": (GOOD[:7], OURS + "7 bytes"),
    "8 bytes": (GOOD[:8], OURS + "8 bytes that begin with "),
    "half a header": (GOOD[: START // 2], OURS + f"{START // 2} bytes that begin with "),
    "all but the header's end": (GOOD[: START - 1], OURS + f"{START - 1} bytes that begin with "),
    "a header alone": (GOOD[:START], OFFSETS),
    "half the numbers": (GOOD[: (START + len(GOOD)) // 2], OFFSETS),
    "all but the last byte": (GOOD[:-1], OFFSETS),
    "a byte too many": (GOOD + b"\0", OFFSETS),
    "a header of 100 MB": ((100 << 20).to_bytes(8, "little") + GOOD[8:], OURS + f"{len(GOOD)} bytes that begin with "),
    "a header of 2⁶⁴ bytes": (b"\xff" * 8 + GOOD[8:], OURS + f"{len(GOOD)} bytes that begin with "),
    "a header above the limit": (assembled(b" " * (MAX_HEADER_BYTES + 1)), OURS),
    "a file above the limit": (bytes(MAX_FILE_BYTES + 1), "file must be at most 134217728 bytes, got 134217729"),
    "zeros": (bytes(1000), f"header {ONCE}''"),
    "a zip": (zipped(), OURS),
    "a pickle": (pickle.dumps({"rnn.weight_ih_l0": [0.5] * 100}), OURS),
    "no UTF-8": (assembled(b'{"\xff":1}'), OURS + "one whose header is not UTF-8"),
    "no JSON": (assembled("{'a': 1}"), f"header {ONCE}" + "\"{'a': 1}\""),
    "a list": (assembled("[]"), f"header {ONCE}[]"),
    "a bomb for a header": (assembled(BOMB[: MAX_HEADER_BYTES - 1]), f"header {ONCE}"),
    "a number of 5,000 digits": (assembled('{"a":' + "9" * 5_000 + "}"), f"header {ONCE}"),
    "a tensor twice": (assembled(GOOD[8:START].replace(b'"rnn.bias_hh_l0"', b'"rnn.bias_ih_l0"')), f"header {ONCE}"),
    "a shape twice": (assembled(GOOD[8:START].replace(b'"shape":[4,4]', b'"shape":[4,4],"shape":[4,4]')), "header"),
    "metadata twice": (assembled(GOOD[8:START].replace(b'"epoch":"7"', b'"epoch":"7","epoch":"8"')), f"header {ONCE}"),
    "no metadata": (changed(__metadata__=None), OURS + "one whose metadata is None"),
    "a list of metadata": (changed(__metadata__=[]), OURS + "one whose metadata is []"),
    "another's metadata": (changed(__metadata__={"format": "pt"}), OURS + "one whose metadata is {'format': 'pt'}"),
    "another version": (said(format="rnn-explorer 2"), OURS + "one whose metadata is {"),
    "unknown metadata": (said(author="me"), "metadata must be strings config, epoch and branch, got {"),
    "no epoch": (said(epoch=None), "metadata must be strings config, epoch and branch, got {"),
    "no config": (said(config=None), "metadata must be strings config, epoch and branch, got {"),
    "an epoch that is a number": (said(epoch=7), "metadata must be strings config, epoch and branch, got {"),
    "a config that is an object": (said(config={}), "metadata must be strings config, epoch and branch, got {"),
    "an epoch below 0": (said(epoch="-1"), "epoch must be 0…20000, got '-1'"),
    "an epoch beyond the limit": (said(epoch="20001"), "epoch must be 0…20000, got '20001'"),
    "an epoch in Arabic digits": (said(epoch="٧"), "epoch must be 0…20000, got '٧'"),
    "an epoch of 9,000 digits": (said(epoch="7" * 9_000), "epoch must be 0…20000, got '777777777777...777777777777"),
    "an epoch without its history": (said(epoch="20000"), "history.loss must be F64 of shape (20000,), got {"),
    "a history without its epoch": (said(epoch="0"), "tensor must be one of this config's and epoch's, got 'optimizer"),
    "a config that is none": (said(config="[]"), f"config {ONCE}[]"),
    "a bomb in the config": (said(config=BOMB[:300_000]), f"config {ONCE}"),
    "lists in the config": (said(config=NESTED), "config must have no object or list in it, got {'seed': [[[[[["),
    "a seed twice": (said(config='{"seed":1,"seed":2}'), f"config {ONCE}" + '\'{"seed":1,"seed":2}\''),
    "a surrogate in the config": (said(config="\ud800"), f"config {ONCE}"),
    "a config beyond its rule": (said(config='{"seed":-1}'), "seed must be 0…4294967295, got -1"),
    "another's config": (said(config=CONFIG.replace("rnn", "gru")), f"{WEIGHT} must be F32 of shape (12, 4), got {{"),
    "another's optimizer": (said(config=CONFIG.replace("adam", "sgd")), "tensor must be one of this config's"),
    "another's text": (
        said(config=CONFIG.replace("hello", "helloo")),
        "history.predicted must be U8 of shape (7, 1, 6)",
    ),
    "a branch that is none": (said(branch="7"), f"branch {ONCE}7"),
    "a branch of no epoch": (
        said(branch='{"learning_rate":1,"clip_norm":null}'),
        BRANCH + "['learning_rate', 'clip_norm']",
    ),
    "a branch that begins before 0": (
        said(branch='{"epoch":-1,"learning_rate":1,"clip_norm":null}'),
        "branch: epoch must be 0…20000, got -1",
    ),
    "a branch with a long rate": (
        said(branch=json.dumps({"epoch": 1, "learning_rate": "9" * 9_000, "clip_norm": None})),
        "branch: learning_rate must be a finite number above 0 and at most 10, got '999",
    ),
    "a branch with lists": (said(branch=NESTED), "branch must have no object or list in it, got {'seed': [[[[[["),
    "a tensor missing": (changed(**{WEIGHT: None}), SHAPE + "None"),
    "a tensor too many": (changed(evil=ENTRY), "tensor must be one of this config's and epoch's, got 'evil'"),
    "a long name": (changed(**{"e" * 9_000: ENTRY}), "tensor must be one of this config's and epoch's, got 'eeee"),
    "a tensor that is a number": (changed(**{WEIGHT: 7}), SHAPE + "7"),
    "a wrong dtype": (changed(**{WEIGHT: ENTRY | {"dtype": "F16"}}), SHAPE + "{"),
    "an unknown dtype": (changed(**{WEIGHT: ENTRY | {"dtype": "PICKLE"}}), SHAPE + "{"),
    "a wrong shape": (changed(**{WEIGHT: ENTRY | {"shape": [2, 8]}}), SHAPE + "{"),
    "a shape of 2⁶⁴": (changed(**{WEIGHT: ENTRY | {"shape": [2**64, 2**64]}}), SHAPE + "{"),
    "a shape of words": (changed(**{WEIGHT: ENTRY | {"shape": "44"}}), SHAPE + "{"),
    "a shape of fractions": (changed(**{WEIGHT: ENTRY | {"shape": [4.0, 4.0]}}), OFFSETS),
    "a state of another size": (
        changed(**{f"optimizer.exp_avg.{WEIGHT}": HEADER["rnn.bias_ih_l0"]}),
        f"optimizer.exp_avg.{WEIGHT} must be F32 of shape (4, 4), got {{",
    ),
    "no offsets": (changed(**{WEIGHT: {"dtype": "F32", "shape": [4, 4]}}), OFFSETS),
    "overlapping offsets": (changed(**{WEIGHT: ENTRY | {"data_offsets": [FIRST - 4, LAST - 4]}}), OFFSETS),
    "the same offsets": (
        changed(**{WEIGHT: ENTRY | {"data_offsets": HEADER["rnn.weight_hh_l0"]["data_offsets"]}}),
        OFFSETS,
    ),
    "offsets beyond the end": (changed(**{WEIGHT: ENTRY | {"data_offsets": [2**40, 2**40 + 64]}}), OFFSETS),
    "offsets of 2⁷⁰": (changed(**{WEIGHT: ENTRY | {"data_offsets": [2**70, 2**70 + 64]}}), OFFSETS),
    "offsets before the start": (changed(**{WEIGHT: ENTRY | {"data_offsets": [-64, 0]}}), OFFSETS),
    "offsets in reverse": (changed(**{WEIGHT: ENTRY | {"data_offsets": [LAST, FIRST]}}), OFFSETS),
    "a weight that is nan": (with_numbers(WEIGHT, (1, 2), math.nan), f"{WEIGHT} must be finite numbers, got nan"),
    "a weight that is inf": (with_numbers(WEIGHT, (1, 2), -math.inf), f"{WEIGHT} must be finite numbers, got -inf"),
    "a mean that is inf": (
        with_numbers("optimizer.exp_avg.rnn.bias_ih_l0", 2, math.inf),
        "optimizer.exp_avg.rnn.bias_ih_l0 must be finite numbers, got inf",
    ),
    "a mean square below 0": (
        with_numbers("optimizer.exp_avg_sq.rnn.bias_ih_l0", 2, -0.5),
        "optimizer.exp_avg_sq.rnn.bias_ih_l0 must be numbers of 0 or more, got -0.5",
    ),
    "a mean square that is nan": (
        with_numbers("optimizer.exp_avg_sq.rnn.bias_ih_l0", 2, math.nan),
        "optimizer.exp_avg_sq.rnn.bias_ih_l0 must be numbers of 0 or more, got nan",
    ),
    "a wrong count of updates": (with_numbers("optimizer.step", (), 8), "optimizer.step must be 7, the epoch, got 8.0"),
    "a count that is nan": (
        with_numbers("optimizer.step", (), math.nan),
        "optimizer.step must be 7, the epoch, got nan",
    ),
    "a loss below 0": (
        with_numbers("history.loss", 2, -0.5),
        "history.loss must be numbers of 0 or more, or nan, got -0.5",
    ),
    "an id of no token": (with_numbers("history.predicted", (3, 0, 2), 4), "history.predicted must be ids 0…3, got 4"),
}


@pytest.mark.parametrize("case", list(HOSTILE))
def test_a_file_that_is_not_ours_is_refused_with_a_sentence_and_little_memory(case: str) -> None:
    file, sentence = HOSTILE[case]
    tracemalloc.start()
    try:
        with pytest.raises(ConfigError) as refused:
            from_safetensors(file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(refused.value).startswith(sentence)
    assert len(str(refused.value)) < 1_000
    assert peak < 16 * MAX_HEADER_BYTES


@pytest.mark.parametrize("length", range(0, len(GOOD), 97))
def test_a_file_that_was_cut_off_is_refused(length: int) -> None:
    with pytest.raises(ConfigError):
        from_safetensors(GOOD[:length])


def assert_trainer_or_sentence(file: bytes) -> None:
    """Nothing but a ConfigError is raised; what is taken can be looked at, trained and made a file again."""
    try:
        trainer = from_safetensors(file)
    except ConfigError:
        return
    again = to_safetensors(trainer)
    assert to_safetensors(from_safetensors(again)) == again
    assert [record.epoch for record in trainer.history] == list(range(trainer.epoch))
    trainer.step()


@settings(max_examples=50)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_sentence(data: bytes) -> None:
    for file in (data, assembled(data), assembled(GOOD[8:START], data)):
        with pytest.raises(ConfigError):
            from_safetensors(file)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=5))
def test_a_file_with_other_bytes_is_a_training_or_a_sentence(flips: list[tuple[int, int]]) -> None:
    file = bytearray(GOOD)
    for place, byte in flips:
        file[place] = byte
    assert_trainer_or_sentence(bytes(file))


@given(st.integers(0, len(GOOD)), st.integers(0, 99), st.binary(max_size=9))
def test_a_file_with_a_part_cut_out_or_put_in_is_a_training_or_a_sentence(place: int, cut: int, put: bytes) -> None:
    assert_trainer_or_sentence(GOOD[:place] + put + GOOD[place + cut :])


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text() | st.sampled_from(sorted(HEADER)), inside),
    max_leaves=5,
)


@settings(max_examples=50)
@given(st.sampled_from(sorted(HEADER)), st.sampled_from([None, "dtype", "shape", "data_offsets"]), ANY_JSON)
def test_whatever_a_header_says_is_a_training_or_a_sentence(name: str, key: str | None, value: Any) -> None:
    assert_trainer_or_sentence(changed(**{name: value if key is None else HEADER[name] | {key: value}}))


@settings(max_examples=50)
@given(st.sampled_from(["format", "config", "epoch", "branch"]), ANY_JSON)
@example("config", "{}")
@example("branch", {"epoch": 3, "learning_rate": 1.0, "clip_norm": None})
@example("branch", {"epoch": 3, "learning_rate": 10**400, "clip_norm": math.nan})
def test_whatever_the_metadata_say_is_a_training_or_a_sentence(key: str, value: Any) -> None:
    assert_trainer_or_sentence(said(**{key: value}))
    assert_trainer_or_sentence(said(**{key: json.dumps(value)}))


# --- the file of a config --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [SMALL, EXAMPLE, RunConfig("=é\0\r\n안👩\u200d🚀", head=Head.LINEAR, clip_norm=0.5)])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["bare", "marked"])
def test_a_config_is_read_back_from_its_file(config: RunConfig, mark: bytes) -> None:
    assert config_from_file(mark + config.to_json().encode()) == config


def test_a_file_of_a_config_may_say_less_and_stand_on_many_lines() -> None:
    assert config_from_file('{\n  "text": "안녕",\n  "seed": 3\n}\n'.encode()) == RunConfig("안녕", seed=3)


NO_CONFIG: dict[str, tuple[bytes, str]] = {
    "empty": (b"", f"config {ONCE}''"),
    "too long": (b" " * (MAX_CONFIG_BYTES + 1), "config must be at most 262144 bytes, got 262145"),
    "no UTF-8": (b'{"text": "\xff"}', "config must be a JSON object in UTF-8, got b'{"),
    "UTF-16": ("{}".encode("utf-16"), "config must be a JSON object in UTF-8, got b'"),
    "a list": (b"[]", f"config {ONCE}[]"),
    "a bomb": (BOMB[:MAX_CONFIG_BYTES].encode(), f"config {ONCE}"),
    "5,000 digits": (b'{"seed": ' + b"9" * 5_000 + b"}", f"config {ONCE}"),
    "lists": (NESTED.encode(), "config must have no object or list in it, got {'seed': [[[[[["),
    "a key twice": (b'{"seed": 1, "seed": 1}', f"config {ONCE}"),
    "an unknown key": (b'{"colour": 1}', "key must be one of text, task, "),
    "a key of dataclasses": (b'{"_": 1}', "key must be one of text, task, "),
    "a value beyond its rule": (b'{"hidden_size": 0}', "hidden_size must be 1…128, got 0"),
    "nan": (b'{"learning_rate": NaN}', "learning_rate must be a finite number above 0 and at most 10, got nan"),
    "a surrogate": (b'{"text": "\\ud800"}', "text must be valid Unicode, got a lone surrogate U+D800 at 0"),
    "a text too long": (
        b'{"text": "' + b"a" * 99_999 + b'"}',
        "text must be a string of at most 16384 code points, got",
    ),
}


@pytest.mark.parametrize("case", list(NO_CONFIG))
def test_a_file_that_is_no_config_is_refused_with_a_sentence(case: str) -> None:
    data, sentence = NO_CONFIG[case]
    with pytest.raises(ConfigError) as refused:
        config_from_file(data)
    assert str(refused.value).startswith(sentence)
    assert len(str(refused.value)) < 1_000


@settings(max_examples=50)
@given(st.binary() | st.text().map(str.encode) | ANY_JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_a_file_has_is_a_config_or_a_sentence(data: bytes) -> None:
    try:
        read = config_from_file(data)
    except ConfigError:
        return
    assert isinstance(read, RunConfig)


@settings(max_examples=50)
@given(st.sampled_from(sorted(json.loads(CONFIG))), ANY_JSON)
def test_whatever_a_config_says_is_a_config_or_a_sentence(field: str, value: Any) -> None:
    try:
        read = config_from_file(json.dumps(json.loads(CONFIG) | {field: value}).encode())
    except ConfigError:
        return
    assert isinstance(read, RunConfig)


# --- the history as a table ------------------------------------------------------------------------------------------

LINE = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))


@settings(max_examples=50)
@given(st.lists(st.tuples(LINE, st.floats()), min_size=1))
@example([(said, -0.0) for said in ("=1+1", "'=", "NA", "", "nan", '"', "a,b", "\0", "\x85", "\ufeff", "👩\u200d🚀")])
def test_a_history_is_read_back_from_its_parquet_to_the_last_bit(lines: list[tuple[str, float]]) -> None:
    history = [
        EpochRecord(epoch=k, loss_nats=number, accuracy=1 / 3, decoded=(line, line), gradient_norm=number / 3)
        for k, (line, number) in enumerate(lines)
    ]
    table, read = history_table(history), read_history_parquet(io.BytesIO(history_parquet(history)))
    pd.testing.assert_frame_equal(read, table, check_exact=True)
    for name in ("loss", "accuracy", "gradient_norm"):
        assert [value.hex() for value in read[name]] == [value.hex() for value in table[name]]


def test_a_file_of_a_trainings_history_is_its_table(tmp_path: Path) -> None:
    trainer, file = trained(EXAMPLE), tmp_path / "history.parquet"
    file.write_bytes(history_parquet(trainer.history))
    pd.testing.assert_frame_equal(read_history_parquet(file), history_table(trainer.history), check_exact=True)


def test_the_columns_of_a_history_are_of_one_type_whatever_it_is() -> None:
    empty = read_history_parquet(io.BytesIO(history_parquet([])))
    assert empty.shape == (0, 5)
    assert empty.dtypes.to_dict() == history_table(trained(SMALL).history).dtypes.to_dict()
