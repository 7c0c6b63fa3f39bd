"""The same computation gives the same bits: on equally aligned memory, and with equally many threads.

On some processors BLAS takes another path for memory that does not begin at a multiple of 64 bytes, with other last
bits. torch begins every tensor of its own there, so whatever is compared to the bit has to begin there too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rnn_core.config import Cell, Head, Optimizer, RunConfig
from rnn_core.encoding import encode
from rnn_core.model import build_model
from rnn_core.trace import trace_forward
from rnn_core.training import Trainer
from rnn_core.whatif import WeightEdit, edited

ALIGNED_BYTES = 64
EXAMPLE = RunConfig("hello! world\nhello", cell=Cell.GRU, head=Head.LINEAR, num_layers=2, hidden_size=7, seed=5)


def misaligned(tensors: Iterator[tuple[str, Tensor]]) -> dict[str, int]:
    """How far behind a multiple of ALIGNED_BYTES each tensor begins, of those that do not begin at one."""
    return {name: past for name, tensor in tensors if (past := tensor.data_ptr() % ALIGNED_BYTES)}


def gradients(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        yield name, parameter.grad


@pytest.fixture
def trainer(
    prime_config: Callable[..., RunConfig], cell: dict[str, Any], head: Head, num_layers: int, bidirectional: bool
) -> Trainer:
    return Trainer(prime_config(**cell, head=head, num_layers=num_layers, bidirectional=bidirectional))


def test_a_view_into_the_middle_of_a_tensor_would_be_found() -> None:
    assert misaligned(iter([("whole", torch.zeros(9)), ("part", torch.zeros(9)[1:])])) == {"part": 4}


def test_every_parameter_and_gradient_begins_where_a_tensor_of_its_own_would(trainer: Trainer) -> None:
    trainer.run(2)
    assert misaligned(trainer.model.named_parameters()) == {}
    assert misaligned(gradients(trainer.model)) == {}


def test_so_does_the_network_of_any_epoch_and_an_edited_one(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_core.training.SNAPSHOT_STRIDE", 2)
    trainer.run(5)
    for epoch in (0, 3, 4, 5):
        assert misaligned(trainer.model_at(epoch).named_parameters()) == {}, epoch
    edit = WeightEdit(name="weight_hh_l0", index=(0, 0), value=0.5)
    what_if = edited(trainer.model, trainer.encoding, [edit])
    assert misaligned(what_if.model.named_parameters()) == {}


def test_a_trainers_network_and_a_plain_one_have_the_same_trace_to_the_bit(
    prime_config: Callable[..., RunConfig],
    cell: dict[str, Any],
    head: Head,
    num_layers: int,
    bidirectional: bool,
    batch_first: bool,
) -> None:
    config = prime_config(
        **cell, head=head, num_layers=num_layers, bidirectional=bidirectional, batch_first=batch_first
    )
    encoding = encode(config)
    ours, plain = trace_forward(Trainer(config).model, encoding), trace_forward(build_model(config), encoding)
    for name in ("output_BTF", "h_n", "logits_BTV", "probability_BTV"):
        assert getattr(ours, name).tobytes() == getattr(plain, name).tobytes(), name


@pytest.mark.parametrize("optimizer", list(Optimizer))
@pytest.mark.parametrize("clip_norm", [None, 0.1])
def test_no_update_moves_what_lies_between_the_parameters(optimizer: Optimizer, clip_norm: float | None) -> None:
    trainer = Trainer(replace(EXAMPLE, optimizer=optimizer, clip_norm=clip_norm))
    trainer.run(7)
    first = next(trainer.model.parameters())
    stored, used = first.untyped_storage(), torch.zeros(first.untyped_storage().nbytes() // 4, dtype=torch.bool)
    for parameter in trainer.model.parameters():
        assert parameter.untyped_storage().data_ptr() == stored.data_ptr()
        used[parameter.storage_offset() : parameter.storage_offset() + parameter.numel()] = True
    whole = torch.empty(0).set_(stored)
    assert not used.all(), "nothing lies between the parameters of this network"
    assert not whole[~used].any()


# A processor of several cores, and a BLAS that divides even small products among its threads.
IN_A_NEW_THREAD = """
import os
os.environ |= {"MKL_CBWR": "COMPATIBLE", "OMP_NUM_THREADS": "4"}
import threading
from rnn_core import RunConfig, Trainer, build_model, encode, trace_forward
config = RunConfig("hello\\nno\\nworld!!", batch_first=False, num_layers=2, optimizer="sgd")
def bits():
    trainer = Trainer(config)
    record = trainer.run(3)[-1]
    trace = trace_forward(build_model(config), encode(config))
    return trace.output_BTF.tobytes(), record.loss_nats, record.gradient_norm
def first_of_all():
    trace = trace_forward(build_model(config), encode(config))
    results.append((trace.output_BTF.tobytes(), *bits()[1:]))
results = [bits()]
for _ in range(3):
    thread = threading.Thread(target=first_of_all)
    thread.start()
    thread.join()
print(len(results), len(set(results)))
"""


def test_a_new_thread_computes_the_same_bits_from_its_first_product_on(fresh_process: Callable[..., str]) -> None:
    assert fresh_process(IN_A_NEW_THREAD).split() == ["4", "1"]
