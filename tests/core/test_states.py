"""The map of hidden states and what each unit tells apart, against numpy's own SVD, correlation and plain sums."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_core import ConfigError, Encoding, RunConfig, Trace, Trainer, trace_forward
from rnn_core.config import Cell, Head, Task
from rnn_core.states import Kind, mean_distance, separation, state_map

CONFIGS = [
    RunConfig("hello! world", task=Task.NEXT, head=Head.LINEAR, hidden_size=5),
    RunConfig("hello\neolll\nhe", cell=Cell.LSTM, head=Head.LINEAR, hidden_size=3, bidirectional=True),
    RunConfig("abba", head=Head.LINEAR, hidden_size=1),
    RunConfig("hello\neolll", head=Head.LINEAR, hidden_size=7, batch_first=False),
]


def read(config: RunConfig, epoch: int = 3) -> tuple[Trace, Encoding]:
    trainer = Trainer(config)
    trainer.run(epoch)
    return trace_forward(trainer.model, trainer.encoding, inside=False), trainer.encoding


def states_of(trace: Trace, encoding: Encoding) -> np.ndarray:
    return np.array(
        [trace.output_BTF[b, t] for b, line in enumerate(encoding.inputs) for t in range(len(line))], dtype=np.float64
    )


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_the_map_is_that_of_the_singular_vectors_with_the_most_variance(config: RunConfig) -> None:
    trace, encoding = read(config)
    found = state_map(trace, encoding)
    centred = (states := states_of(trace, encoding)) - states.mean(axis=0)
    left, singular, _right = np.linalg.svd(centred, full_matrices=False)
    kept = min(2, len(singular))
    np.testing.assert_allclose(np.abs(found.xy_P2[:, :kept]), np.abs(left * singular)[:, :kept], atol=1e-9)
    np.testing.assert_allclose(found.explained_2[:kept], (singular**2 / (singular**2).sum())[:kept], atol=1e-9)
    assert (found.explained_2[kept:] == 0).all()
    assert found.read == tuple(token for line in encoding.inputs for token in line)
    assert found.asked == tuple(token for line in encoding.targets for token in line)
    assert [(b, t) for b, t in zip(found.line_P, found.step_P, strict=True)] == [
        (b, t) for b, line in enumerate(encoding.inputs) for t in range(len(line))
    ]


def test_two_units_are_drawn_as_they_lie() -> None:
    trace, encoding = read(RunConfig("hello! world", head=Head.LINEAR, hidden_size=2))
    found, states = state_map(trace, encoding), states_of(trace, encoding)
    assert found.explained_2.sum() == pytest.approx(1)
    apart = np.linalg.norm(states[:, None] - states, axis=-1)
    np.testing.assert_allclose(np.linalg.norm(found.xy_P2[:, None] - found.xy_P2, axis=-1), apart, atol=1e-9)
    assert mean_distance(trace, encoding) == pytest.approx(apart[~np.eye(len(apart), dtype=bool)].mean())
    at = found.occurrences("l")
    assert at == [2, 3, 10]
    three = apart[np.ix_(at, at)][~np.eye(3, dtype=bool)]
    assert mean_distance(trace, encoding, "l") == pytest.approx(three.mean())
    assert mean_distance(trace, encoding, "!") is None


def test_equal_states_are_one_point_that_explains_nothing() -> None:
    trace, encoding = read(RunConfig("aaaa", head=Head.LINEAR, hidden_size=3, batch_first=False))
    found = state_map(trace, encoding)
    assert (found.xy_P2 == 0).all()
    assert found.explained_2.tolist() == [0, 0]
    assert mean_distance(trace, encoding) == 0
    assert all((share == 0).all() for share in separation(trace, encoding).values())


def test_without_recurrence_every_unit_tells_the_token_apart_and_nothing_else() -> None:
    trace, encoding = read(RunConfig("hello! world", head=Head.LINEAR, hidden_size=3, batch_first=False))
    found = separation(trace, encoding)
    np.testing.assert_allclose(found[Kind.READ], 1, atol=1e-6)
    assert (found[Kind.ASKED][found[Kind.READ] > 0] <= 1).all()
    assert mean_distance(trace, encoding, "l") == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_separation_is_the_sum_of_squares_between_groups(config: RunConfig) -> None:
    trace, encoding = read(config)
    found, states = separation(trace, encoding), states_of(trace, encoding)
    mapped = state_map(trace, encoding)
    for kind, groups in {Kind.READ: mapped.read, Kind.ASKED: mapped.asked}.items():
        for unit, values in enumerate(states.T):
            means = [values[[g == group for g in groups]].mean() for group in groups]
            between = ((np.array(means) - values.mean()) ** 2).sum() / ((values - values.mean()) ** 2).sum()
            assert found[kind][unit] == pytest.approx(between, abs=1e-9)
    for unit, values in enumerate(states.T):
        r = np.corrcoef(values, mapped.step_P)[0, 1]
        assert found[Kind.STEP][unit] == pytest.approx(r**2, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.text("abc", min_size=1, max_size=9), st.integers(1, 4))
def test_a_share_is_a_share_whatever_the_text(text: str, units: int) -> None:
    trace, encoding = read(RunConfig(text, head=Head.LINEAR, hidden_size=units), epoch=0)
    found = state_map(trace, encoding)
    assert 0 <= found.explained_2[1] <= found.explained_2[0] <= 1 + 1e-9
    assert found.explained_2.sum() <= 1 + 1e-9
    for share in separation(trace, encoding).values():
        assert ((share >= 0) & (share <= 1)).all()


def test_states_that_are_no_numbers_are_refused_in_a_sentence() -> None:
    trainer = Trainer(RunConfig("hello"))
    with torch.no_grad():
        for parameter in trainer.model.parameters():
            parameter.fill_(float("nan"))
    trace = trace_forward(trainer.model, trainer.encoding, inside=False)
    for look in (state_map, mean_distance, separation):
        with pytest.raises(ConfigError, match="hidden states must be finite"):
            look(trace, trainer.encoding)
