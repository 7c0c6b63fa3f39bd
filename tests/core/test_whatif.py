"""Edits: what each of them moves and what it leaves alone, against torch networks that were changed by hand.

Where both sides are the same torch operations on the same numbers they are compared bit for bit. Where a weight is
zero on one side and what it reads is zero on the other, the sums are of the same numbers, and 1e-6 holds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnn_core.config import Cell, ConfigError, Head, RunConfig
from rnn_core.encoding import Encoding, encode
from rnn_core.microscope import layer_of
from rnn_core.model import CharRNN, build_model
from rnn_core.trace import Direction, Trace, trace_forward
from rnn_core.training import Trainer
from rnn_core.whatif import (
    Edit,
    SilencedUnit,
    StateEdit,
    TokenEdit,
    WeightEdit,
    difference,
    edited,
    parameter,
    trace_what_if,
    value_before,
    with_edit,
)

TOLERANCE = 1e-6
UNIT = 4


@dataclass(frozen=True)
class Before:
    """A network, what it reads, and its trace without edits."""

    config: RunConfig
    model: CharRNN
    encoding: Encoding
    trace: Trace

    @property
    def rows(self) -> list[tuple[int, Direction]]:
        return [(row.layer, row.direction) for row in self.trace.layers]

    def liveliest(self, layer: int, direction: Direction) -> int:
        """The unit with the largest values: a relu's unit may be 0 without being silenced."""
        return int(np.abs(layer_of(self.trace, layer, direction).h_BTH).sum(axis=(0, 1)).argmax())


def _before(config: RunConfig) -> Before:
    model, encoding = build_model(config), encode(config)
    return Before(config, model, encoding, trace_forward(model, encoding))


@pytest.fixture(scope="module")
def before(
    prime_config: Callable[..., RunConfig],
    cell: dict[str, Any],
    num_layers: int,
    bidirectional: bool,
    batch_first: bool,
    lengths: tuple[int, ...],
) -> Before:
    return _before(
        prime_config(
            **cell, num_layers=num_layers, bidirectional=bidirectional, batch_first=batch_first, lengths=lengths
        )
    )


def _arrays(record: Any) -> Iterator[npt.NDArray[Any]]:
    """Every array in a record, in its records and in its collections."""
    if isinstance(record, np.ndarray):
        yield record
    elif is_dataclass(record):
        for field in fields(record):
            yield from _arrays(getattr(record, field.name))
    elif isinstance(record, tuple):
        for part in record:
            yield from _arrays(part)
    elif hasattr(record, "values"):
        yield from _arrays(tuple(record.values()))


def _same_bits(ours: Any, theirs: Any) -> bool:
    pairs = list(zip(_arrays(ours), _arrays(theirs), strict=True))
    return bool(pairs) and all(our.shape == their.shape and our.tobytes() == their.tobytes() for our, their in pairs)


def _end(layer: int, direction: Direction) -> str:
    return f"_l{layer}" + ("_reverse" if direction is Direction.BACKWARD else "")


@torch.no_grad()
def _run_torch(
    model: CharRNN, encoding: Encoding, h_0: torch.Tensor | None = None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """output and logits, by the calls of torch that a plain script makes."""
    x, rnn = torch.tensor(encoding.x_BTV), model.rnn
    state = (h_0, torch.zeros_like(h_0)) if h_0 is not None and isinstance(rnn, nn.LSTM) else h_0
    if encoding.padded and rnn.batch_first:
        packed = pack_padded_sequence(x, torch.tensor(encoding.length_B), batch_first=True, enforce_sorted=False)
        output = pad_packed_sequence(rnn(packed, state)[0], batch_first=True)[0]
    else:
        output = rnn(x, state)[0]
    return output.numpy(), model.head(output).numpy()


# --- no edit ---------------------------------------------------------------------------------------------------------


def test_without_an_edit_the_trace_is_the_unedited_one_bit_for_bit(before: Before) -> None:
    assert _same_bits(trace_what_if(before.model, before.encoding, []), before.trace)


def test_without_an_edit_nothing_differs(before: Before) -> None:
    moved = difference(before.trace, trace_what_if(before.model, before.encoding, []))
    assert not any(array.any() for array in _arrays(moved))


# --- a weight --------------------------------------------------------------------------------------------------------


def test_an_edited_weight_gives_what_torch_gives_with_that_weight(before: Before) -> None:
    names = [*before.model.rnn.state_dict(), "head.weight", "head.bias"]
    for name in names:
        theirs = copy.deepcopy(before.model)
        values = theirs.state_dict()[name if name.startswith("head.") else f"rnn.{name}"]
        index = (3, 2)[: values.ndim]
        values[index] = 1.5
        ours = trace_what_if(before.model, before.encoding, [WeightEdit(name=name, index=index, value=1.5)])
        output, logits = _run_torch(theirs, before.encoding)
        assert ours.output_BTF.tobytes() == output.tobytes(), name
        assert ours.logits_BTV.tobytes() == logits.tobytes(), name


def test_edits_are_made_in_order(before: Before) -> None:
    twice: list[Edit] = [WeightEdit(name="weight_hh_l0", index=(3, 2), value=value) for value in (9.0, 1.5)]
    assert _same_bits(
        trace_what_if(before.model, before.encoding, twice), trace_what_if(before.model, before.encoding, twice[1:])
    )


def test_parameter_is_the_live_one_of_that_name(before: Before) -> None:
    for name, value in before.model.rnn.named_parameters():
        assert parameter(before.model, name) is value
    assert parameter(before.model, "head.bias") is before.model.head.bias


# --- a silenced unit -------------------------------------------------------------------------------------------------


def test_a_silenced_unit_is_exactly_0_at_every_step(before: Before) -> None:
    for layer, direction in before.rows:
        unit = before.liveliest(layer, direction)
        after = trace_what_if(
            before.model, before.encoding, [SilencedUnit(layer=layer, direction=direction, unit=unit)]
        )
        assert layer_of(before.trace, layer, direction).h_BTH[..., unit].any()
        assert not layer_of(after, layer, direction).h_BTH[..., unit].any()


def test_a_silenced_unit_is_one_that_nobody_reads(before: Before) -> None:
    size = before.config.units
    for row, (layer, direction) in enumerate(before.rows):
        unit = before.liveliest(layer, direction)
        column = (row % before.config.directions) * size + unit
        deaf = copy.deepcopy(before.model)
        values = deaf.state_dict()
        values[f"rnn.weight_hh{_end(layer, direction)}"][:, unit] = 0
        if layer + 1 < before.config.num_layers:
            for above in list(Direction)[: before.config.directions]:
                values[f"rnn.weight_ih{_end(layer + 1, above)}"][:, column] = 0
        else:
            values["head.weight"][:, column] = 0
        theirs = trace_forward(deaf, before.encoding)
        ours = trace_what_if(before.model, before.encoding, [SilencedUnit(layer=layer, direction=direction, unit=unit)])
        assert not np.array_equal(ours.logits_BTV, before.trace.logits_BTV)
        assert np.abs(ours.logits_BTV - theirs.logits_BTV).max() <= TOLERANCE
        for our, their in zip(ours.layers, theirs.layers, strict=True):
            gap = np.abs(our.h_BTH - their.h_BTH)
            if (our.layer, our.direction) == (layer, direction):
                gap = np.delete(gap, unit, axis=-1)
            assert gap.max() <= TOLERANCE


def test_a_silenced_unit_is_0_whatever_state_it_starts_from(before: Before) -> None:
    for row, (layer, direction) in enumerate(before.rows):
        edits: list[Edit] = [
            SilencedUnit(layer=layer, direction=direction, unit=UNIT),
            StateEdit(row=row, column=1, unit=UNIT, value=0.75),
        ]
        after = trace_what_if(before.model, before.encoding, edits)
        assert not layer_of(after, layer, direction).h_BTH[..., UNIT].any()


# --- a token ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[0, 3, 6])
def step(request: pytest.FixtureRequest) -> Any:
    return request.param


def _other_token(encoding: Encoding, line: int, step: int) -> str:
    return next(token for token in encoding.vocabulary.tokens if token != encoding.inputs[line][step])


@pytest.mark.parametrize("read", [(7, 7, 7), (4, 7, 3)], ids=["equal lines", "unequal lines"])
def test_a_token_moves_nothing_that_was_read_before_it(
    prime_config: Callable[..., RunConfig], cell: dict[str, Any], step: int, read: tuple[int, ...]
) -> None:
    start = _before(prime_config(**cell, bidirectional=True, lengths=read))
    edit = TokenEdit(line=1, step=step, token=_other_token(start.encoding, 1, step))
    after = trace_what_if(start.model, start.encoding, [edit])
    forward, backward = ((a.h_BTH, b.h_BTH) for a, b in zip(start.trace.layers, after.layers, strict=True))
    assert forward[0][1, :step].tobytes() == forward[1][1, :step].tobytes()
    assert (forward[0][1, step] != forward[1][1, step]).any()
    assert backward[0][1, step + 1 :].tobytes() == backward[1][1, step + 1 :].tobytes()
    assert (backward[0][1, step] != backward[1][1, step]).any()


def test_a_token_moves_no_other_line(prime_config: Callable[..., RunConfig], cell: dict[str, Any], step: int) -> None:
    start = _before(prime_config(**cell, bidirectional=True, num_layers=3, lengths=(4, 7, 3)))
    edit = TokenEdit(line=1, step=step, token=_other_token(start.encoding, 1, step))
    moved = difference(start.trace, trace_what_if(start.model, start.encoding, [edit]))
    for values in (*moved.h_BTH, moved.probability_BTV, moved.changed_BT):
        assert not values[[0, 2]].any()
        assert values is moved.changed_BT or values[1].any()


def test_a_module_that_takes_b_as_time_moves_later_lines_at_that_step_only(
    prime_config: Callable[..., RunConfig], cell: dict[str, Any], step: int
) -> None:
    start = _before(prime_config(**cell, batch_first=False))
    edit = TokenEdit(line=1, step=step, token=_other_token(start.encoding, 1, step))
    moved = difference(start.trace, trace_what_if(start.model, start.encoding, [edit])).h_BTH[0]
    assert not np.delete(moved, step, axis=1).any()
    assert [bool(line.any()) for line in moved[:, step]] == [False, True, True]


def test_an_edited_token_is_read_as_if_it_had_been_typed() -> None:
    start, typed = (_before(RunConfig(text, cell=Cell.GRU)) for text in ("hello olleh", "hello oleeh"))
    assert start.encoding.vocabulary == typed.encoding.vocabulary
    what_if = edited(start.model, start.encoding, [TokenEdit(line=0, step=8, token="e")])
    assert what_if.encoding.inputs == typed.encoding.inputs
    assert what_if.encoding.ids_BT.tobytes() == typed.encoding.ids_BT.tobytes()
    ours = trace_forward(what_if.model, what_if.encoding)
    # What is asked for stays as it was typed, so the loss is that of the old targets; all else is the same.
    assert ours.loss_BT.tobytes() != typed.trace.loss_BT.tobytes()
    asked = torch.tensor(start.encoding.target_BT)
    loss = nn.functional.cross_entropy(torch.tensor(typed.trace.logits_BTV).mT, asked, reduction="none")
    assert ours.loss_BT == pytest.approx(loss.numpy(), abs=TOLERANCE)
    assert _same_bits(replace(ours, loss_BT=typed.trace.loss_BT), typed.trace)


# --- a first hidden state --------------------------------------------------------------------------------------------


def test_an_edited_h_0_gives_what_torch_gives_from_it(before: Before) -> None:
    columns = 3 if before.config.batch_first else 7
    for row in range(len(before.rows)):
        h_0 = torch.zeros(len(before.rows), columns, 11)
        h_0[row, 1, UNIT], h_0[row, 2, UNIT + 1] = 0.75, -2.0
        edits = [
            StateEdit(row=row, column=1, unit=UNIT, value=0.75),
            StateEdit(row=row, column=2, unit=UNIT + 1, value=-2.0),
        ]
        ours = trace_what_if(before.model, before.encoding, edits)
        output, logits = _run_torch(before.model, before.encoding, h_0)
        assert ours.output_BTF.tobytes() == output.tobytes()
        assert ours.logits_BTV.tobytes() == logits.tobytes()
        assert not np.array_equal(ours.output_BTF, before.trace.output_BTF)


def test_an_edited_h_0_stands_before_the_first_step_that_is_read(before: Before) -> None:
    for row, (layer, direction) in enumerate(before.rows):
        after = trace_what_if(before.model, before.encoding, [StateEdit(row=row, column=1, unit=UNIT, value=0.75)])
        backward = direction is Direction.BACKWARD
        if before.config.batch_first:
            place = (1, int(before.encoding.length_B[1]) - 1 if backward else 0)
        else:
            place = (2 if backward else 0, 1)
        assert layer_of(after, layer, direction).h_previous_BTH[place][UNIT] == 0.75


# --- sentences -------------------------------------------------------------------------------------------------------

INDEX = r"^index must lie in weight_hh_l0 of shape \(11, 11\), got "
STATE = r"^index must lie in h_0 of shape \(1, 3, 11\), got "
FINITE = r"^value must be a finite number, got "
WRONG: dict[str, tuple[Edit, str]] = {
    "row too large": (WeightEdit(name="weight_hh_l0", index=(11, 0), value=1.0), INDEX + r"\(11, 0\)$"),
    "column too large": (WeightEdit(name="weight_hh_l0", index=(0, 11), value=1.0), INDEX + r"\(0, 11\)$"),
    "negative row": (WeightEdit(name="weight_hh_l0", index=(-1, 0), value=1.0), INDEX + r"\(-1, 0\)$"),
    "index too short": (WeightEdit(name="weight_hh_l0", index=(0,), value=1.0), INDEX + r"\(0,\)$"),
    "nan": (WeightEdit(name="weight_hh_l0", index=(0, 0), value=float("nan")), FINITE + "nan$"),
    "infinite": (WeightEdit(name="weight_hh_l0", index=(0, 0), value=float("inf")), FINITE + "inf$"),
    "not a float32": (WeightEdit(name="weight_hh_l0", index=(0, 0), value=1e39), FINITE + r"1e\+39$"),
    "unknown parameter": (
        WeightEdit(name="weight_hh_l1", index=(0, 0), value=1.0),
        "^name must be one of weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, head.weight, head.bias, "
        "got 'weight_hh_l1'$",
    ),
    "h_0 unit": (StateEdit(row=0, column=0, unit=11, value=1.0), STATE + r"\(0, 0, 11\)$"),
    "h_0 column": (StateEdit(row=0, column=3, unit=0, value=1.0), STATE + r"\(0, 3, 0\)$"),
    "h_0 row": (StateEdit(row=1, column=0, unit=0, value=1.0), STATE + r"\(1, 0, 0\)$"),
    "h_0 nan": (StateEdit(row=0, column=0, unit=0, value=float("nan")), FINITE + "nan$"),
    "h_0 not a float32": (StateEdit(row=0, column=0, unit=0, value=-1e39), FINITE + r"-1e\+39$"),
    "step beyond the line": (TokenEdit(line=2, step=3, token="a"), "^step must be 0…2 on line 2, got 3$"),
    "negative step": (TokenEdit(line=2, step=-1, token="a"), "^step must be 0…2 on line 2, got -1$"),
    "line beyond the batch": (TokenEdit(line=3, step=0, token="a"), "^line must be 0…2, got 3$"),
    "negative line": (TokenEdit(line=-1, step=0, token="a"), "^line must be 0…2, got -1$"),
    "unknown token": (TokenEdit(line=0, step=0, token="?"), "'\\?'"),
    "silenced unit": (SilencedUnit(layer=0, direction=Direction.FORWARD, unit=11), "^unit must be 0…10, got 11$"),
    "silenced layer": (SilencedUnit(layer=1, direction=Direction.FORWARD, unit=0), "^layer must be .*, got 1"),
    "silenced direction": (SilencedUnit(layer=0, direction=Direction.BACKWARD, unit=0), "backward"),
}


@pytest.mark.parametrize(("edit", "sentence"), WRONG.values(), ids=WRONG)
def test_an_edit_that_cannot_be_made_says_what_is_wrong_with_it(
    prime_config: Callable[..., RunConfig], edit: Edit, sentence: str
) -> None:
    start = _before(prime_config(lengths=(4, 7, 3)))
    with pytest.raises(ConfigError, match=sentence):
        edited(start.model, start.encoding, [edit])


# --- one edit a place ------------------------------------------------------------------------------------------------

# Few places, so that an edit often comes back to one.
PLACE = st.integers(0, 1)
VALUE = st.sampled_from([-2.0, 0.5, 3.0])
EDIT: st.SearchStrategy[Edit] = st.one_of(
    st.builds(
        WeightEdit,
        name=st.sampled_from(["weight_ih_l0", "weight_hh_l0", "weight_hh_l0_reverse"]),
        index=st.tuples(PLACE, PLACE),
        value=VALUE,
    ),
    st.builds(StateEdit, row=PLACE, column=PLACE, unit=PLACE, value=VALUE),
    st.builds(SilencedUnit, layer=st.just(0), direction=st.sampled_from(Direction), unit=PLACE),
    st.builds(TokenEdit, line=PLACE, step=PLACE, token=st.sampled_from("hel")),
)
PLACE_OF: dict[type[Edit], tuple[str, ...]] = {
    WeightEdit: ("name", "index"),
    StateEdit: ("row", "column", "unit"),
    SilencedUnit: ("layer", "direction", "unit"),
    TokenEdit: ("line", "step"),
}


def _place(edit: Edit) -> tuple[object, ...]:
    return type(edit), *(getattr(edit, name) for name in PLACE_OF[type(edit)])


def _made(edits: list[Edit]) -> tuple[Edit, ...]:
    """One edit after the other, as a person makes them."""
    kept: tuple[Edit, ...] = ()
    for edit in edits:
        kept = with_edit(kept, edit)
    return kept


@given(edits=st.lists(EDIT, max_size=9))
def test_no_place_is_edited_twice_and_none_is_forgotten(edits: list[Edit]) -> None:
    kept = _made(edits)
    assert len({_place(edit) for edit in kept}) == len(kept)
    # The last of each place is kept, in the order in which they were made.
    last = {_place(edit): k for k, edit in enumerate(edits)}
    assert list(kept) == [edits[k] for k in sorted(last.values())]


@given(edits=st.lists(EDIT, max_size=7), new=EDIT)
def test_a_new_edit_comes_last_and_moves_no_other(edits: list[Edit], new: Edit) -> None:
    before = _made(edits)
    assert with_edit(before, new) == (*(edit for edit in before if _place(edit) != _place(new)), new)


MINE = _before(RunConfig("hello\nholle", cell=Cell.GRU, head=Head.LINEAR, hidden_size=3, bidirectional=True))


# A silenced unit is not among these: an edit of a weight that it had set to 0 lifts it again.
@given(edits=st.lists(EDIT.filter(lambda edit: not isinstance(edit, SilencedUnit)), min_size=1, max_size=7))
def test_one_edit_a_place_has_the_result_of_all_that_were_made(edits: list[Edit]) -> None:
    ours, theirs = (trace_what_if(MINE.model, MINE.encoding, some) for some in (_made(edits), edits))
    assert _same_bits(ours, theirs)


@pytest.mark.parametrize("first", [-1.0, 7.0])
def test_a_weight_that_is_edited_twice_has_the_last_value(first: float) -> None:
    edits = _made([WeightEdit(name="weight_hh_l0", index=(1, 2), value=value) for value in (first, 0.5)])
    assert len(edits) == 1
    assert parameter(edited(MINE.model, MINE.encoding, edits).model, "weight_hh_l0")[1, 2] == 0.5


def test_the_same_entry_of_another_parameter_is_another_place() -> None:
    edits = _made([WeightEdit(name=name, index=(1,), value=0.5) for name in ("bias_ih_l0", "bias_hh_l0")])
    assert len(edits) == 2


# --- what stands there -----------------------------------------------------------------------------------------------


def test_a_weights_value_before_is_torchs_own(before: Before) -> None:
    for name in [*before.model.rnn.state_dict(), "head.weight", "head.bias"]:
        values = before.model.state_dict()[name if name.startswith("head.") else f"rnn.{name}"]
        index = (3, 2)[: values.ndim]
        edit = WeightEdit(name=name, index=index, value=9.0)
        assert value_before(before.model, before.encoding, edit) == values[index].item()


def test_a_tokens_value_before_is_the_one_that_is_read(before: Before) -> None:
    for line, typed in enumerate(before.config.text.split("\n")):
        for step, token in enumerate(typed):
            assert value_before(before.model, before.encoding, TokenEdit(line=line, step=step, token="a")) == token


def test_the_first_state_is_0_before_and_a_silenced_unit_has_no_value(before: Before) -> None:
    state = StateEdit(row=0, column=1, unit=UNIT, value=0.75)
    unit = SilencedUnit(layer=0, direction=Direction.FORWARD, unit=UNIT)
    assert value_before(before.model, before.encoding, state) == 0.0
    assert value_before(before.model, before.encoding, unit) is None


def test_the_value_before_a_second_edit_is_that_of_the_first() -> None:
    edits: list[Edit] = [
        WeightEdit(name="head.bias", index=(2,), value=0.5),
        TokenEdit(line=1, step=2, token="h"),
    ]
    what_if = edited(MINE.model, MINE.encoding, edits)
    again: list[Edit] = [WeightEdit(name="head.bias", index=(2,), value=9.0), TokenEdit(line=1, step=2, token="o")]
    assert [value_before(what_if.model, what_if.encoding, edit) for edit in again] == [0.5, "h"]
    assert [value_before(MINE.model, MINE.encoding, edit) for edit in again] != [0.5, "h"]


NO_PLACE = [
    *("row too large", "column too large", "negative row", "index too short", "unknown parameter"),
    *("step beyond the line", "negative step", "line beyond the batch", "negative line"),
]


@pytest.mark.parametrize(("edit", "sentence"), [WRONG[name] for name in NO_PLACE], ids=NO_PLACE)
def test_there_is_no_value_before_where_there_is_no_place(
    prime_config: Callable[..., RunConfig], edit: Edit, sentence: str
) -> None:
    start = _before(prime_config(lengths=(4, 7, 3)))
    with pytest.raises(ConfigError, match=sentence):
        value_before(start.model, start.encoding, edit)


# --- what stays as it was --------------------------------------------------------------------------------------------


def _every_edit(rows: list[tuple[int, Direction]], encoding: Encoding) -> list[Edit]:
    return [
        WeightEdit(name="weight_hh_l0", index=(3, 2), value=1.5),
        WeightEdit(name="head.bias", index=(1,), value=-1.5),
        *(SilencedUnit(layer=layer, direction=direction, unit=UNIT) for layer, direction in rows),
        TokenEdit(line=1, step=2, token=_other_token(encoding, 1, 2)),
        StateEdit(row=0, column=1, unit=2, value=0.75),
    ]


def test_the_given_network_and_text_are_untouched_bit_for_bit(before: Before) -> None:
    weights = {name: value.numpy().tobytes() for name, value in before.model.state_dict().items()}
    read, inputs = [array.tobytes() for array in _arrays(before.encoding)], before.encoding.inputs
    what_if = edited(before.model, before.encoding, _every_edit(before.rows, before.encoding))
    trace_forward(what_if.model, what_if.encoding, h_0=what_if.h_0)
    assert {name: value.numpy().tobytes() for name, value in before.model.state_dict().items()} == weights
    assert [array.tobytes() for array in _arrays(before.encoding)] == read
    assert before.encoding.inputs == inputs
    assert _same_bits(trace_forward(before.model, before.encoding), before.trace)


def test_an_edited_network_shares_no_memory_with_the_given_one(before: Before) -> None:
    what_if = edited(before.model, before.encoding, [])
    theirs = {value.data_ptr() for value in before.model.parameters()}
    assert theirs.isdisjoint(value.data_ptr() for value in what_if.model.parameters())


@pytest.mark.parametrize("which", ["the live model", "a model of its own"])
def test_training_knows_nothing_of_an_edit(
    prime_config: Callable[..., RunConfig], cell: dict[str, Any], which: str
) -> None:
    config = prime_config(**cell, lengths=(4, 7, 3))
    trainer, alone = Trainer(config), Trainer(config)
    for _ in range(3):
        trainer.step()
        model = trainer.model if which == "the live model" else trainer.model_at(trainer.epoch)
        rows = [(0, Direction.FORWARD)]
        trace_what_if(model, trainer.encoding, _every_edit(rows, trainer.encoding))
    trainer.run(4)
    alone.run(7)
    assert (trainer.history, trainer.now) == (alone.history, alone.now)
    for ours, theirs in zip(trainer.model.parameters(), alone.model.parameters(), strict=True):
        assert ours.detach().numpy().tobytes() == theirs.detach().numpy().tobytes()


# --- the difference --------------------------------------------------------------------------------------------------


def test_a_difference_is_after_minus_before(before: Before) -> None:
    after = trace_what_if(before.model, before.encoding, _every_edit(before.rows, before.encoding))
    moved = difference(before.trace, after)
    assert len(moved.h_BTH) == len(before.rows)
    for values, ours, theirs in zip(moved.h_BTH, before.trace.layers, after.layers, strict=True):
        assert np.array_equal(values, theirs.h_BTH - ours.h_BTH)
        assert values.any()
    assert np.array_equal(moved.probability_BTV, after.probability_BTV - before.trace.probability_BTV)
    assert np.array_equal(moved.changed_BT, before.trace.predicted_BT != after.predicted_BT)
    assert moved.changed_BT.dtype == np.bool_


def test_differences_of_probabilities_sum_to_0(before: Before) -> None:
    after = trace_what_if(before.model, before.encoding, _every_edit(before.rows, before.encoding))
    assert np.abs(difference(before.trace, after).probability_BTV.sum(axis=-1)).max() <= TOLERANCE


def test_an_overridden_prediction_is_marked_as_changed() -> None:
    start = _before(RunConfig("hello", head=Head.LINEAR))
    moved = difference(
        start.trace,
        trace_what_if(start.model, start.encoding, [WeightEdit(name="head.bias", index=(2,), value=100.0)]),
    )
    assert np.array_equal(moved.changed_BT, start.trace.predicted_BT != 2)
    assert not any(values.any() for values in moved.h_BTH)
