"""THE DERIVATIVES: how the state after one step of a cell moves with what it was computed from, in closed form.

Everything but the two matrix products works unit by unit, so a step has three small tables of derivatives, one entry
for each unit j (P parts of the state: h, and c of an LSTM; G gates):

    direct        ∂s[p, j] / ∂s_prev[q, j]                    past all gates: f carries c on, z carries h on
    by_input      ∂s[p, j] / ∂(W_ih x + b_ih)[g, j]           through what a gate hears from the input
    by_recurrent  ∂s[p, j] / ∂(W_hh h_prev + b_hh)[g, j]      through what it hears from the state before

and with them every longer derivative is a product: ∂s / ∂h_prev = direct + Σ_g by_recurrent[g] · W_hh[g].

Gates are in the order in which torch stacks their rows. Every function works on any leading axes ``...``. The
derivative of relu at 0 is 0, as torch has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDerivatives:
    """direct (..., P, P, H), by_input (..., P, G, H) and by_recurrent (..., P, G, H); part 0 is h, part 1 is c."""

    direct: Tensor
    by_input: Tensor
    by_recurrent: Tensor


def rnn_derivatives(h: Tensor, *, relu: bool) -> StepDerivatives:
    """Of h = tanh(a) or relu(a): tanh' = 1 − h², relu' = 1 where h > 0."""
    slope = (h > 0).to(h) if relu else 1 - h * h
    table = slope[..., None, None, :]
    return StepDerivatives(direct=torch.zeros_like(table), by_input=table, by_recurrent=table)


def gru_derivatives(r: Tensor, z: Tensor, n: Tensor, h_prev: Tensor, *, recurrent_part: Tensor) -> StepDerivatives:
    """Of h = (1 − z) · n + z · h_prev, where n = tanh(… + r · recurrent_part).

    Args: recurrent_part: W_hn h_prev + b_hn, what the new gate hears before the reset scales it.
    """
    through_n = (1 - z) * (1 - n * n)
    by_r = through_n * recurrent_part * r * (1 - r)
    by_z = (h_prev - n) * z * (1 - z)
    return StepDerivatives(
        direct=z[..., None, None, :],
        by_input=torch.stack([by_r, by_z, through_n], dim=-2)[..., None, :, :],
        by_recurrent=torch.stack([by_r, by_z, through_n * r], dim=-2)[..., None, :, :],
    )


def lstm_derivatives(i: Tensor, f: Tensor, g: Tensor, o: Tensor, c: Tensor, c_prev: Tensor) -> StepDerivatives:
    """Of c = f · c_prev + i · g and h = o · tanh(c); h moves with c by ``shown``."""
    squashed = torch.tanh(c)
    shown = o * (1 - squashed * squashed)
    nothing = torch.zeros_like(c)
    of_c = torch.stack([g * i * (1 - i), c_prev * f * (1 - f), i * (1 - g * g), nothing], dim=-2)
    of_o = torch.stack([nothing, nothing, nothing, squashed * o * (1 - o)], dim=-2)
    gates = torch.stack([shown[..., None, :] * of_c + of_o, of_c], dim=-3)
    direct = torch.stack([torch.stack([nothing, shown * f], dim=-2), torch.stack([nothing, f], dim=-2)], dim=-3)
    return StepDerivatives(direct=direct, by_input=gates, by_recurrent=gates)
