"""One update, part by part: in order the parts are ``Trainer.step()``; what is left out does what torch does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from rnn_core import RunConfig, Trainer
from rnn_core.config import Cell, Head, Optimizer
from rnn_core.update import Part, UpdateCycle


def cycle_of(trainer: Trainer) -> UpdateCycle:
    return UpdateCycle(trainer=trainer.copied())


def make_update(cycle: UpdateCycle) -> None:
    cycle.forward()
    cycle.loss()
    cycle.backward()
    cycle.update()


def assert_same(ours: Trainer, theirs: Trainer) -> None:
    assert ours.epoch == theirs.epoch
    for name, value in theirs.model.state_dict().items():
        assert torch.equal(ours.model.state_dict()[name], value), name


@pytest.mark.parametrize("optimizer", list(Optimizer))
@pytest.mark.parametrize("clip_norm", [None, 0.1])
def test_the_parts_in_order_are_a_step_bit_for_bit(
    prime_config: Callable[..., RunConfig], cell: dict[str, Any], optimizer: Optimizer, clip_norm: float | None
) -> None:
    config = prime_config(**cell, optimizer=optimizer, clip_norm=clip_norm, learning_rate=0.05)
    trainer = Trainer(config)
    trainer.run(3)
    cycle = cycle_of(trainer)
    for _update in range(3):
        record = trainer.step()
        make_update(cycle)
        assert cycle.loss_nats == record.loss_nats
        assert cycle.gradient_norm == record.gradient_norm
        assert_same(cycle.trainer, trainer)
    assert cycle.done == 3


def test_the_training_itself_is_not_touched() -> None:
    trainer = Trainer(RunConfig())
    trainer.run(2)
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    make_update(cycle_of(trainer))
    assert trainer.epoch == 2
    assert all(torch.equal(value, before[name]) for name, value in trainer.model.state_dict().items())


def test_each_part_leads_to_the_next_and_shows_what_it_gave() -> None:
    cycle = cycle_of(Trainer(RunConfig()))
    assert cycle.next is Part.FORWARD
    cycle.forward()
    assert (cycle.next, cycle.loss_nats) == (Part.LOSS, None)
    assert cycle.logits_BTV is not None
    cycle.loss()
    assert (cycle.next, cycle.gradient_norm) == (Part.BACKWARD, None)
    assert not cycle.gradient("weight_hh_l0").any()
    cycle.backward()
    assert str(cycle.next) == "update"
    assert cycle.gradient("weight_hh_l0").any()
    assert not cycle.change("weight_hh_l0").any()
    before = cycle.weight("weight_hh_l0")
    cycle.update()
    assert cycle.next is Part.FORWARD
    np.testing.assert_array_equal(cycle.change("weight_hh_l0"), cycle.weight("weight_hh_l0") - before)
    assert cycle.change("weight_hh_l0").any()


def test_without_zero_grad_the_gradients_add_up() -> None:
    config = RunConfig(optimizer=Optimizer.SGD, learning_rate=1e-6)
    cycle = cycle_of(Trainer(config))
    make_update(cycle)
    first = cycle.gradient("weight_hh_l0")
    cycle.forward()
    cycle.loss()
    cycle.backward(zero_grad=False)
    np.testing.assert_allclose(cycle.gradient("weight_hh_l0"), 2 * first, rtol=1e-3, atol=1e-6)
    assert cycle.gradient_norm == pytest.approx(2 * float(Trainer(config).now.gradient_norm), rel=1e-3)


def test_clipping_shows_the_norm_before_and_after() -> None:
    cycle = cycle_of(Trainer(RunConfig(clip_norm=0.01)))
    make_update(cycle)
    assert cycle.gradient_norm is not None
    assert cycle.norm_taken is not None
    assert cycle.gradient_norm > 0.05
    assert cycle.norm_taken == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("cell", list(Cell))
def test_a_hidden_state_that_is_carried_over_without_detach_is_torchs_own_error(cell: Cell) -> None:
    cycle = cycle_of(Trainer(RunConfig("hello", cell=cell, head=Head.LINEAR)))
    make_update(cycle)
    after_one = cycle.weight("weight_hh_l0")
    cycle.forward(carry=True)
    cycle.loss()
    cycle.backward()
    assert "Trying to backward through the graph a second time" in cycle.problem
    assert cycle.next is Part.FORWARD
    np.testing.assert_array_equal(cycle.weight("weight_hh_l0"), after_one)
    make_update(cycle)  # without it all is well again
    assert cycle.problem == ""


def test_the_first_forward_has_nothing_to_carry() -> None:
    cycle = cycle_of(Trainer(RunConfig()))
    cycle.forward(carry=True)
    cycle.loss()
    assert cycle.loss_nats == Trainer(RunConfig()).now.loss_nats
