"""The weights are those of a plain script, bit for bit, whoever else builds at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice, product
from threading import Barrier, Event
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rnn_core.config import Cell, Head, RunConfig
from rnn_core.encoding import encode
from rnn_core.model import CharRNN, build_model
from rnn_core.trace import trace_forward
from rnn_core.training import Trainer

PlainScript = Callable[[RunConfig], tuple[nn.RNNBase, nn.Module]]
THREADS = 30
ROUNDS = 5


def _identical(model: nn.Module, other: nn.Module) -> bool:
    ours, theirs = model.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.fixture
def churn() -> Iterator[None]:
    """Other visitors' threads, that build, train and trace all the while."""
    over = Event()
    config = RunConfig("abcab\nbca", head=Head.LINEAR, num_layers=2, seed=9)

    def visit() -> None:
        while not over.is_set():
            trainer = Trainer(config)
            trainer.run(3)
            trace_forward(trainer.model_at(1), trainer.encoding)

    with ThreadPoolExecutor(3) as visitors:
        visits = [visitors.submit(visit) for _ in range(3)]
        yield
        over.set()
        for visit_made in visits:
            visit_made.result()


def test_weights_are_those_of_a_plain_script(
    prime_config: Callable[..., RunConfig],
    plain_script: PlainScript,
    cell: dict[str, Any],
    num_layers: int,
    bidirectional: bool,
    head: Head,
) -> None:
    config = prime_config(**cell, num_layers=num_layers, bidirectional=bidirectional, head=head, seed=2**32 - 1)
    model, (rnn, linear) = build_model(config), plain_script(config)
    assert type(model.rnn) is type(rnn)
    assert type(model.head) is type(linear)
    assert _identical(model.rnn, rnn)
    assert _identical(model.head, linear)


def test_another_seed_gives_other_weights(prime_config: Callable[..., RunConfig]) -> None:
    assert not _identical(build_model(prime_config(seed=0)), build_model(prime_config(seed=1)))


@pytest.mark.parametrize("flag", [True, False])
def test_batch_first_is_the_modules_flag(prime_config: Callable[..., RunConfig], flag: bool) -> None:
    assert build_model(prime_config(batch_first=flag)).rnn.batch_first is flag


@pytest.mark.parametrize("use", [build_model, lambda config: Trainer(config).run(2)], ids=["build", "train"])
def test_the_global_generator_is_left_as_it_was(use: Callable[[RunConfig], object]) -> None:
    with torch.random.fork_rng(devices=[]):
        # A state that no earlier build can have left behind.
        torch.seed()
        before = torch.get_rng_state()
        use(RunConfig("hello", num_layers=2, seed=3))
        assert torch.equal(torch.get_rng_state(), before)


def test_a_trace_leaves_the_global_generator_as_it_was() -> None:
    config = RunConfig("hello", num_layers=3)
    model, before = build_model(config), torch.get_rng_state()
    trace_forward(model, encode(config))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.usefixtures("churn")
def test_thirty_threads_building_at_once_get_the_weights_of_one(prime_config: Callable[..., RunConfig]) -> None:
    choices = islice(cycle(product(Cell, [1, 2], [False, True])), THREADS)
    configs = [
        prime_config(cell=cell, num_layers=layers, bidirectional=both, seed=seed)
        for seed, (cell, layers, both) in enumerate(choices)
    ]
    alone = [build_model(config) for config in configs]
    together = Barrier(THREADS)

    def build(config: RunConfig) -> list[CharRNN]:
        built = []
        for _ in range(ROUNDS):
            together.wait()
            built.append(build_model(config))
        return built

    with ThreadPoolExecutor(THREADS) as threads:
        crowd = list(threads.map(build, configs))
    assert all(_identical(model, one) for models, one in zip(crowd, alone, strict=True) for model in models)


def test_forward_gives_logits_output_and_state(prime_config: Callable[..., RunConfig]) -> None:
    model = build_model(prime_config(cell=Cell.LSTM, bidirectional=True))
    x: Tensor = torch.rand(3, 7, 5, generator=torch.Generator().manual_seed(0))
    logits, output, state = model(x)
    expected_output, expected_state = model.rnn(x)
    assert torch.equal(output, expected_output)
    assert torch.equal(logits, model.head(expected_output))
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(state, expected_state, strict=True))
