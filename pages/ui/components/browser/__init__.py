"""What the components share in the browser: JavaScript that each carries, and arrays as Plotly's typed arrays."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_HERE = Path(__file__).parent


def script(*files: str | Path) -> str:
    """Return the JavaScript of ``files`` in order, without indents; a bare name is one of this folder's."""
    lines = (line for file in files for line in (_HERE / file).read_text(encoding="utf-8").splitlines())
    return "\n".join(map(str.lstrip, lines))


def typed_tree(value: Any) -> Any:
    """``value`` with every numeric array as Plotly's typed array: dtype, base64, shape."""
    if isinstance(value, Mapping):
        return {name: typed_tree(part) for name, part in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return typed(value)
    if isinstance(value, (list, tuple)):
        return [typed_tree(part) for part in value]
    return value


def typed(array: npt.NDArray[Any]) -> dict[str, Any]:
    """An array of numbers as Plotly's typed array, bit for bit."""
    packed = np.ascontiguousarray(array)
    data = base64.b64encode(packed.tobytes()).decode("ascii")
    found = {"dtype": f"{packed.dtype.kind}{packed.dtype.itemsize}", "bdata": data}
    return found if packed.ndim == 1 else found | {"shape": ",".join(map(str, packed.shape))}
