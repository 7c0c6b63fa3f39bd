"""A CharRNN and an Encoding become a GradientFlow: backpropagation through time, opened up, for one line and one layer.

``backward`` brings all losses of the line back in one batch; here they become norms, a rate and a ledger.

Everything is computed in float64 from the network's own weights: what vanishes is not lost in the last bits.

Source: the chain rule; Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks",
arXiv:1211.5063, for ∂h[t]/∂h[k] as a product of one Jacobian a step.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rnn_core.backward import Backward
from rnn_core.config import Cell, ConfigError, RunConfig
from rnn_core.decay import DoubleArray, decay_rate
from rnn_core.encoding import Encoding, read_only
from rnn_core.microscope import PACKING
from rnn_core.model import CharRNN
from rnn_core.text import PADDING
from rnn_core.trace import Direction, FloatArray, cell_weights

ComplexArray = npt.NDArray[np.complex128]

MAX_PRODUCTS = 3_000_000_000
"""How many multiplications the Jacobians of all pairs of steps that are shown may take."""

MAX_SHOWN = 96
"""How many steps are shown at most."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GradientFlow:
    """How gradients come back through the steps of one line, in one layer and direction.

    L is the mean cross-entropy that training minimises, ℓ_t the cross-entropy at step t of this line, K the steps that
    are shown: rows t and columns k of a matrix are steps.start + t and steps.start + k. All in nats.

    Attributes:
        line, layer, direction: what it was asked for.
        steps: the steps of the line that the matrices show; all of them unless asked otherwise.
        state_gradient_TH: float64 (T, H), ∂L/∂h_t at every step of the line, through all that hears h_t.
        cell_gradient_TH: the same of an LSTM's c_t, else None.
        loss_sensitivity_TT: float64 (K, K), ‖∂ℓ_t/∂h_k‖₂.
        state_jacobian_norm_TT: float64 (K, K), ‖∂s_t/∂s_k‖₂, the largest stretch, where s is h, or (h, c) of an LSTM.
        hidden_jacobian_norm_TT, cell_jacobian_norm_TT: ‖∂h_t/∂h_k‖₂ and ‖∂c_t/∂c_k‖₂ of an LSTM; of another cell the
            first is ``state_jacobian_norm_TT`` and the second None.
        input_influence_TT: float64 (K, K), ‖∂logits_t/∂x_k‖ (Frobenius: the root of the sum of all squares).
        decay_rate: by which the norm of ∂s_t/∂s_k changes with each step between, fitted; None where there is no pair.
        eigenvalues: complex (H,), those of W_hh, by gate. largest_stretch: ‖W_hh‖₂, by gate.
        recurrent_gradient_by_step: float64 (T, G·H, H): what step t of all lines adds to the gradient of W_hh; its sum
            over T is the gradient that training uses.
    """

    line: int
    layer: int
    direction: Direction
    steps: range
    state_gradient_TH: DoubleArray
    cell_gradient_TH: DoubleArray | None
    loss_sensitivity_TT: DoubleArray
    state_jacobian_norm_TT: DoubleArray
    hidden_jacobian_norm_TT: DoubleArray
    cell_jacobian_norm_TT: DoubleArray | None
    input_influence_TT: DoubleArray
    decay_rate: float | None
    eigenvalues: Mapping[str, ComplexArray]
    largest_stretch: Mapping[str, float]
    recurrent_gradient_by_step: DoubleArray

    @property
    def joined_TT(self) -> DoubleArray:
        """``state_jacobian_norm_TT`` with a row for what is read later: a backward direction reads from the end."""
        norm_TT = self.state_jacobian_norm_TT
        return norm_TT if self.direction is Direction.FORWARD else norm_TT.T

    @property
    def spectral_radius(self) -> Mapping[str, float]:
        """The largest magnitude of W_hh's eigenvalues, by gate."""
        return {gate: float(np.abs(values).max()) for gate, values in self.eigenvalues.items()}


def affordable_steps(config: RunConfig, length: int, around: int) -> range:
    """As many of a line's ``length`` steps as MAX_SHOWN and MAX_PRODUCTS allow, with ``around`` near their middle."""
    size = 2 * config.units if config.cell is Cell.LSTM else config.units
    width = max(1, min(length, MAX_SHOWN, int((2 * MAX_PRODUCTS / size**3) ** 0.5)))
    first = max(0, min(around - width // 2, length - width))
    return range(first, first + width)


@torch.no_grad()
def gradient_flow(
    model: CharRNN,
    encoding: Encoding,
    line: int = 0,
    layer: int = 0,
    *,
    direction: Direction = Direction.FORWARD,
    steps: range | None = None,
) -> GradientFlow:
    """The GradientFlow of one line in one layer and direction, at the present weights.

    Args:
        steps: of the line, for the matrices; None is all of them. What is outside still takes part in every gradient.
    Raises: ConfigError where there is no such line, layer, direction or steps, or a weight or a logit is not finite.
    """
    net = copy.deepcopy(model).double()
    length = int(encoding.length_B[line]) if 0 <= line < len(encoding.lines) else 0
    steps = range(length) if steps is None else steps
    _check(model, encoding, line, layer, direction, steps)
    back = Backward(net, encoding)
    which = list(Direction).index(direction)
    state_gradient, ledger = back.of_the_loss(line, layer, which)
    norms = back.jacobian_norms(line, layer, which, steps)
    state = norms["state"]
    return GradientFlow(
        line=line,
        layer=layer,
        direction=direction,
        steps=steps,
        state_gradient_TH=read_only(state_gradient[:, 0].numpy()),
        cell_gradient_TH=read_only(state_gradient[:, 1].numpy()) if state_gradient.shape[1] > 1 else None,
        loss_sensitivity_TT=read_only(back.sensitivity(line, layer, which, steps)),
        state_jacobian_norm_TT=read_only(state),
        hidden_jacobian_norm_TT=read_only(norms.get("hidden", state)),
        cell_jacobian_norm_TT=read_only(norms["cell"]) if "cell" in norms else None,
        input_influence_TT=read_only(back.influence(line, steps)),
        decay_rate=decay_rate(state),
        eigenvalues=MappingProxyType(_eigenvalues(net, layer, direction)),
        largest_stretch=MappingProxyType(
            {
                gate: float(torch.linalg.matrix_norm(rows, ord=2))
                for gate, rows in _recurrent_rows(net, layer, direction).items()
            }
        ),
        recurrent_gradient_by_step=read_only(ledger.numpy()),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateGradients:
    """What each loss of a line asks of every state; K losses, those of ``steps``.

    Attributes:
        state: float32 (K, S, lines, K, H), ∂ℓ_t/∂h at the lines and steps that are shown, by row of h_n.
        start: float32 (K, S, N, H), ∂ℓ_t/∂h_0: N is the lines, or the steps of a module that is not batch_first.
    """

    state: FloatArray
    start: FloatArray


@torch.no_grad()
def state_gradients(model: CharRNN, encoding: Encoding, line: int, *, lines: range, steps: range) -> StateGradients:
    """The StateGradients of the losses at ``steps`` of ``line``.

    Args:
        lines: that are shown, ``line`` among them.
    Raises: ConfigError where there is no such line or steps, or a weight or a logit is not finite.
    """
    net = copy.deepcopy(model).double()
    _check(model, encoding, line, 0, Direction.FORWARD, steps)
    state, start = Backward(net, encoding).everywhere(line, lines, steps)
    return StateGradients(state=read_only(state.numpy(), np.float32), start=read_only(start.numpy(), np.float32))


def autograd_gradient(model: CharRNN, encoding: Encoding, name: str) -> FloatArray:
    """The gradient of a parameter of the recurrent module, by name, as torch's own backward has it: float32."""
    net = copy.deepcopy(model)
    logits, _, _ = net(torch.tensor(encoding.x_BTV), torch.tensor(encoding.length_B) if encoding.padded else None)
    loss = nn.functional.cross_entropy(logits.mT, torch.tensor(encoding.target_BT), ignore_index=PADDING)
    (found,) = torch.autograd.grad(loss, [net.rnn.get_parameter(name)])
    gradient: FloatArray = read_only(found.numpy())
    return gradient


def _eigenvalues(net: CharRNN, layer: int, direction: Direction) -> dict[str, ComplexArray]:
    """The eigenvalues of each gate's rows of W_hh, the largest magnitude first."""
    found = {}
    for gate, rows in _recurrent_rows(net, layer, direction).items():
        values: ComplexArray = torch.linalg.eigvals(rows).numpy()
        found[gate] = read_only(values[np.argsort(-np.abs(values), kind="stable")])
    return found


def _recurrent_rows(net: CharRNN, layer: int, direction: Direction) -> dict[str, Tensor]:
    """Each gate's rows of W_hh, (H, H)."""
    gates = PACKING[type(net.rnn)]
    return dict(zip(gates, cell_weights(net.rnn, layer, direction).W_hh.chunk(len(gates)), strict=True))


def _check(model: CharRNN, encoding: Encoding, line: int, layer: int, direction: Direction, steps: range) -> None:
    """Raises: ConfigError naming the argument, its rule and its value."""
    lines, layers = len(encoding.lines), model.rnn.num_layers
    if not 0 <= line < lines:
        raise ConfigError(f"line must be 0…{lines - 1}, got {line}")
    if not 0 <= layer < layers:
        raise ConfigError(f"layer must be 0…{layers - 1}, got {layer}")
    if direction is Direction.BACKWARD and not model.rnn.bidirectional:
        raise ConfigError("direction must be forward where the module is not bidirectional, got backward")
    length = int(encoding.length_B[line])
    if not (steps.step == 1 and 0 <= steps.start < steps.stop <= length):
        raise ConfigError(f"steps must be one or more in a row of 0…{length - 1}, got {steps}")
    for name, values in model.named_parameters():
        _check_finite(name.removeprefix("rnn."), values)
    x = torch.tensor(encoding.x_BTV).to(next(model.parameters()))
    logits, _, _ = model(x, torch.tensor(encoding.length_B) if encoding.padded else None)
    _check_finite("logits", logits)


def _check_finite(name: str, values: Tensor) -> None:
    if not bool(torch.isfinite(values).all()):
        worst = float(values[~torch.isfinite(values)][0])
        raise ConfigError(f"{name} must be finite to follow a gradient, got {worst}")
