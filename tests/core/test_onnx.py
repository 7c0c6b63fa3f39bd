"""Hidden and cell states at every step, against ONNX Runtime: another engine, with another order of gates.

A layer is one ONNX node RNN, GRU or LSTM on the same weights. ONNX stacks the gates of an LSTM as i, o, f, c (torch:
i, f, g, o) and those of a GRU as z, r, h (torch: r, z, n), and torch's GRU is its linear_before_reset=1. The runtime
gives h at every step but c at the last one only: c at step t is what it ends in on the first t + 1 steps of the line,
or for the backward direction on the steps from t on. An upper layer reads what the runtime itself said below.

Tolerance: the runtime computes σ and tanh by polynomials of its own, a few times 1e-7 off torch's, and both errors
are carried from step to step and from layer to layer; with values around 1, 2e-6 holds for two layers of seven steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime  # type: ignore[import-untyped]
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import nn

from rnn_core.config import Cell, RunConfig
from rnn_core.encoding import Encoding, encode
from rnn_core.model import CharRNN, build_model
from rnn_core.trace import Direction, FloatArray, Trace, trace_forward

TOLERANCE = 2e-6
TORCH_GATE_OF = {Cell.RNN: (0,), Cell.GRU: (1, 0, 2), Cell.LSTM: (0, 3, 1, 2)}
"""For each of ONNX's blocks of rows, which of torch's it is."""
OPSET = 17
IR_VERSION = 8


@dataclass(frozen=True)
class Said:
    """What the runtime says of one layer reading one line, by direction: h and c (T, H); c is None but for an LSTM."""

    h_TH: tuple[FloatArray, ...]
    c_TH: tuple[FloatArray, ...] | None

    @property
    def output_TF(self) -> FloatArray:
        """What the layer above reads."""
        return np.concatenate(self.h_TH, axis=-1)


class OnnxLayer:
    """One layer of a torch module as one ONNX node, in ONNX Runtime."""

    def __init__(self, config: RunConfig, rnn: nn.RNNBase, layer: int) -> None:
        self.config = config
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        graph = _graph(config, rnn, layer).SerializeToString()
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def run(self, x_TI: FloatArray, h_0_DH: FloatArray | None = None) -> list[FloatArray]:
        """Y (T, D, H), Y_h (D, H) and, of an LSTM, Y_c (D, H)."""
        start = np.zeros((self.config.directions, self.config.units), np.float32) if h_0_DH is None else h_0_DH
        Y, *finals = self.session.run(None, {"X": x_TI[:, None], "initial_h": start[:, None]})
        return [Y[:, :, 0], *(final[:, 0] for final in finals)]

    def say(self, x_TI: FloatArray, h_0_DH: FloatArray | None = None) -> Said:
        """h and c at every step, each as the end of a line that is cut there."""
        ends: dict[str, list[list[FloatArray]]] = {"h": [], "c": []}
        for row, direction in enumerate(list(Direction)[: self.config.directions]):
            steps = range(len(x_TI))
            cuts = [x_TI[t:] if direction is Direction.BACKWARD else x_TI[: t + 1] for t in steps]
            for name, values in zip("hc", zip(*(self.run(cut, h_0_DH)[1:] for cut in cuts), strict=True), strict=False):
                ends[name].append([value[row] for value in values])
        h_TH, c_TH = (tuple(np.stack(values) for values in ends[name]) for name in "hc")
        return Said(h_TH, c_TH or None)


def _graph(config: RunConfig, rnn: nn.RNNBase, layer: int) -> ModelProto:
    ends = [f"_l{layer}", f"_l{layer}_reverse"][: config.directions]
    values = {name: value.numpy() for name, value in rnn.state_dict().items()}

    def reordered(name: str) -> npt.NDArray[np.float32]:
        blocks = [np.split(values[name + end], len(TORCH_GATE_OF[config.cell])) for end in ends]
        return np.stack([np.concatenate([rows[g] for g in TORCH_GATE_OF[config.cell]]) for rows in blocks])

    weights = {
        "W": reordered("weight_ih"),
        "R": reordered("weight_hh"),
        "B": np.concatenate([reordered("bias_ih"), reordered("bias_hh")], axis=-1),
    }
    attributes: dict[str, Any] = {
        "hidden_size": config.units,
        "direction": "bidirectional" if config.bidirectional else "forward",
    }
    if config.cell is Cell.RNN:
        attributes["activations"] = [config.nonlinearity.value.capitalize()] * config.directions
    if config.cell is Cell.GRU:
        attributes["linear_before_reset"] = 1
    outputs = ["Y", "Y_h", "Y_c"] if config.cell is Cell.LSTM else ["Y", "Y_h"]
    node = helper.make_node(config.cell.value.upper(), ["X", "W", "R", "B", "", "initial_h"], outputs, **attributes)
    given = {"X": ["T", 1, weights["W"].shape[-1]], "initial_h": [config.directions, 1, config.units]}
    graph = helper.make_graph(
        [node],
        "layer",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in given.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


@dataclass(frozen=True)
class Compared:
    """A network of one config, our trace of it, and the runtime's layers on the same weights."""

    config: RunConfig
    model: CharRNN
    encoding: Encoding
    trace: Trace
    layers: list[OnnxLayer]

    def lines(self) -> list[tuple[int, list[Said]]]:
        """Every line alone, without its padding, through all layers of the runtime."""
        found = []
        for line, length in enumerate(self.encoding.length_B):
            below, said = self.encoding.x_BTV[line, :length], []
            for layer in self.layers:
                said.append(layer.say(below))
                below = said[-1].output_TF
            found.append((line, said))
        return found


@pytest.fixture(scope="module", params=[1, 2], ids=["one layer", "two layers"])
def num_layers(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module")
def compared(
    prime_config: Callable[..., RunConfig],
    cell: dict[str, Any],
    num_layers: int,
    bidirectional: bool,
    lengths: tuple[int, ...],
) -> Compared:
    config = prime_config(**cell, num_layers=num_layers, bidirectional=bidirectional, lengths=lengths)
    model, encoding = build_model(config), encode(config)
    layers = [OnnxLayer(config, model.rnn, layer) for layer in range(num_layers)]
    return Compared(config, model, encoding, trace_forward(model, encoding), layers)


@pytest.fixture(scope="module")
def lines(compared: Compared) -> list[tuple[int, list[Said]]]:
    return compared.lines()


def _largest(ours: FloatArray, theirs: FloatArray) -> float:
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max())


def test_h_of_every_step_layer_and_direction_is_that_of_the_runtime(
    compared: Compared, lines: list[tuple[int, list[Said]]]
) -> None:
    for line, said in lines:
        theirs = [h_TH for layer in said for h_TH in layer.h_TH]
        for ours, h_TH in zip(compared.trace.layers, theirs, strict=True):
            assert _largest(ours.h_BTH[line, : len(h_TH)], h_TH) <= TOLERANCE


def test_c_of_every_step_layer_and_direction_is_that_of_the_runtime(
    compared: Compared, lines: list[tuple[int, list[Said]]]
) -> None:
    for line, said in lines:
        if compared.config.cell is not Cell.LSTM:
            assert [layer.c_TH for layer in said] == [None] * compared.config.num_layers
            assert [ours.c_BTH for ours in compared.trace.layers] == [None] * len(compared.trace.layers)
            continue
        theirs = [c_TH for layer in said for c_TH in layer.c_TH or ()]
        for ours, c_TH in zip(compared.trace.layers, theirs, strict=True):
            assert ours.c_BTH is not None
            assert _largest(ours.c_BTH[line, : len(c_TH)], c_TH) <= TOLERANCE


def test_the_runtimes_own_sequence_agrees_with_its_cut_lines(
    compared: Compared, lines: list[tuple[int, list[Said]]]
) -> None:
    for line, said in lines:
        x_TI = compared.encoding.x_BTV[line, : compared.encoding.length_B[line]]
        Y = compared.layers[0].run(x_TI)[0]
        for row, h_TH in enumerate(said[0].h_TH):
            assert _largest(Y[:, row], h_TH) <= TOLERANCE


def test_a_first_hidden_state_is_read_as_the_runtime_reads_it(compared: Compared) -> None:
    rows = compared.config.num_layers * compared.config.directions
    h_0 = np.random.default_rng(1).normal(size=(rows, 3, compared.config.units)).astype(np.float32)
    trace = trace_forward(compared.model, compared.encoding, h_0=h_0)
    for line, length in enumerate(compared.encoding.length_B):
        said = compared.layers[0].say(compared.encoding.x_BTV[line, :length], h_0[: compared.config.directions, line])
        for ours, h_TH in zip(trace.layers[: compared.config.directions], said.h_TH, strict=True):
            assert _largest(ours.h_BTH[line, :length], h_TH) <= TOLERANCE
            assert np.array_equal(
                ours.h_previous_BTH[line, 0 if ours.direction == "forward" else length - 1],
                h_0[trace.layers.index(ours), line],
            )
