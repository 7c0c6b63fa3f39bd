"""Matrices over pairs of steps become norms, one number for each distance, and one rate: how fast a gradient fades."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

DoubleArray = npt.NDArray[np.float64]


def spectral_norm(matrices: Tensor) -> DoubleArray:
    """‖·‖₂ of each of (K, n, n): the root of the largest eigenvalue of MᵀM; inf of one that is not finite.

    A matrix is scaled by its largest entry first, so that squaring it neither loses the small nor overflows. The
    eigenvalues are computed in float32, which takes two thirds of the time: a norm is right to 1e-5, relatively.
    """
    scale = matrices.abs().amax(dim=(1, 2))
    usable = torch.isfinite(scale) & (scale > 0)
    norm = torch.where(torch.isfinite(scale), 0.0, torch.inf).to(scale)
    if usable.any():
        scaled = (matrices[usable] / scale[usable, None, None]).float()
        largest = torch.linalg.eigvalsh(scaled.mT @ scaled)[:, -1]
        norm[usable] = largest.clamp(min=0).sqrt().double() * scale[usable]
    found: DoubleArray = norm.numpy()
    return found


def decay_rate(norm_TT: DoubleArray) -> float | None:
    """By how much a norm changes with each step between t and k, by a straight line through its mean logarithm.

    The mean is over all pairs t > k of the same distance whose norm is not 0; the line is fitted by least squares to
    the means of all distances, and goes through 1 at distance 0, where ∂s_t/∂s_t is. None where there is no such pair.
    """
    size = len(norm_TT)
    distances, means = [], []
    for distance in range(1, size):
        both = np.concatenate([np.diagonal(norm_TT, -distance), np.diagonal(norm_TT, distance)])
        found = both[(both > 0) & np.isfinite(both)]
        if len(found):
            distances.append(distance)
            means.append(float(np.log(found).mean()))
    if not distances:
        return None
    d = np.array(distances, dtype=np.float64)
    return float(np.exp((d * np.array(means)).sum() / (d * d).sum()))


def by_distance(norm_TT: DoubleArray) -> DoubleArray:
    """float64 (K,): the geometric mean of a norm over all pairs with t − k = 0, 1, …; 0 where one of them is 0."""
    with np.errstate(divide="ignore"):
        logs = np.log(norm_TT)
    return np.exp([np.diagonal(logs, -distance).mean() for distance in range(len(norm_TT))])
