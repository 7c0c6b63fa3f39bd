"""A training becomes one file that can be taken home, and the file becomes the training again, bit for bit.

The file is in the safetensors format, tensors by name behind a header of JSON, so that nothing in it can run:

    rnn.weight_ih_l0, …, head.weight       float32, the weights under torch's names, as ``load_state_dict`` takes them
    optimizer.exp_avg.rnn.weight_ih_l0, …  float32, what the optimizer keeps of each weight, under torch's names
    optimizer.step                         float32 (), the updates it has counted
    history.loss, history.gradient_norm    float64 (E,)
    history.predicted                      uint8 (E, B, T), the predicted ids

What comes in may come from anyone: every field is checked against what its config asks for before a number is taken.

Source: https://huggingface.co/docs/safetensors, "Format".
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.numpy import load, save

from rnn_core.config import MAX_EPOCHS, ConfigError, Optimizer, RunConfig, parse_value
from rnn_core.history import History
from rnn_core.rules import Whole
from rnn_core.training import BRANCH_RULES, Branch, Trainer

FORMAT = "rnn-explorer 1"

MAX_FILE_BYTES = 1 << 27
"""More than the largest training within the limits takes, which is 103 MB, most of it predictions."""

MAX_HEADER_BYTES = 1 << 19
MAX_CONFIG_BYTES = 1 << 18
"""More than the longest text takes, each of whose code points JSON can write in 12 bytes."""

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Field:
    """What one tensor of a file must be; ``holds`` tells of each of its numbers whether it keeps ``rule``."""

    dtype: str
    shape: tuple[int, ...]
    rule: str
    holds: Callable[[Array], Array]


_FINITE = ("finite numbers", np.isfinite)
_NOT_NEGATIVE = ("numbers of 0 or more", lambda values: values >= 0)
_MEASURED = ("numbers of 0 or more, or nan", lambda values: ~(values < 0))

_KEPT: Mapping[Optimizer, Mapping[str, tuple[str, Callable[[Array], Array]]]] = {
    Optimizer.ADAM: {"exp_avg": _FINITE, "exp_avg_sq": _NOT_NEGATIVE},
    Optimizer.SGD: {},
    Optimizer.RMSPROP: {"square_avg": _NOT_NEGATIVE},
}
"""What each optimizer keeps of every weight. A mean square may be inf: its weight then stands still, and is finite."""


def to_safetensors(trainer: Trainer) -> bytes:
    """The file of ``trainer`` where it stands; ``from_safetensors`` gives the trainer back.

    Raises: ConfigError where it could not: a weight is not finite, or an epoch before has no record in the history.
    """
    epoch, history = trainer.epoch, trainer.history
    if len(history) != epoch:
        raise ConfigError(f"history must have the record of every epoch before {epoch}, got {len(history)}")
    arrays = {name: tensor.numpy() for name, tensor in trainer.tensors().items()}
    arrays |= {f"history.{name}": column for name, column in history.columns().items()}
    _check_numbers(arrays, _fields(trainer, epoch))
    metadata = {"format": FORMAT, "config": trainer.config.to_json(), "epoch": str(epoch)}
    if trainer.branch is not None:
        metadata["branch"] = json.dumps(asdict(trainer.branch))
    return _written(arrays, metadata)


def from_safetensors(data: bytes) -> Trainer:
    """The trainer of ``to_safetensors``'s file; on the machine it is from, it goes on bit for bit as if never left.

    Raises: ConfigError, such as "rnn.weight_ih_l0 must be F32 of shape (4, 4), got F16 of shape (4, 4)".
    """
    header = _read_header(data)
    metadata = _read_metadata(header.pop("__metadata__", None))
    epoch = parse_value("epoch", Whole(0, MAX_EPOCHS), metadata["epoch"])
    trainer = Trainer(_read_config(metadata["config"]), _read_branch(metadata.get("branch")))
    fields = _fields(trainer, epoch)
    _check_header(header, fields)
    try:
        arrays = load(data)
    except SafetensorError:
        _refuse("one whose data_offsets do not fit its tensors")
    _check_numbers(arrays, fields)
    columns = {name: arrays.pop(f"history.{name}") for name in trainer.history.columns()}
    history = History.from_columns(trainer.encoding, **columns)
    trainer.resume({name: torch.from_numpy(values) for name, values in arrays.items()}, history)
    return trainer


def config_from_file(data: bytes) -> RunConfig:
    """The config of a file with ``RunConfig.to_json``'s object; what is not named there has its default.

    Raises: ConfigError, such as "key must be one of text, task, …, got 'colour'".
    """
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(f"config must be at most {MAX_CONFIG_BYTES} bytes, got {len(data)}")
    try:
        document = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"config must be a JSON object in UTF-8, got {reprlib.repr(data)}") from None
    return _read_config(document)


def _fields(trainer: Trainer, epoch: int) -> dict[str, _Field]:
    """What each tensor of a file of ``trainer`` at ``epoch`` must be."""
    shapes = {name: tuple(parameter.shape) for name, parameter in trainer.model.named_parameters()}
    fields = {name: _Field("F32", shape, *_FINITE) for name, shape in shapes.items()}
    kept = _KEPT[trainer.config.optimizer] if epoch else {}
    for kind, rule in kept.items():
        fields |= {f"optimizer.{kind}.{name}": _Field("F32", shape, *rule) for name, shape in shapes.items()}
    if kept:
        fields["optimizer.step"] = _Field("F32", (), f"{epoch}, the epoch", lambda values: values == epoch)
    size = len(trainer.encoding.vocabulary)
    return fields | {
        "history.loss": _Field("F64", (epoch,), *_MEASURED),
        "history.gradient_norm": _Field("F64", (epoch,), *_MEASURED),
        "history.predicted": _Field(
            "U8", (epoch, *trainer.encoding.ids_BT.shape), f"ids 0…{size - 1}", lambda values: values < size
        ),
    }


def _written(arrays: dict[str, Array], metadata: Mapping[str, str]) -> bytes:
    """A safetensors file, the same every time: the library by itself writes metadata in an order of chance."""
    data = save(arrays)
    start = 8 + int.from_bytes(data[:8], "little")
    header = {"__metadata__": metadata} | json.loads(data[8:start])
    document = json.dumps(header, separators=(",", ":")).encode()
    document += b" " * (-len(document) % 8)
    return len(document).to_bytes(8, "little") + document + data[start:]


def _read_header(data: bytes) -> dict[str, Any]:
    """The header of a safetensors file: 8 bytes with its length, then a JSON object."""
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(f"file must be at most {MAX_FILE_BYTES} bytes, got {len(data)}")
    if len(data) < 8:
        _refuse(f"{len(data)} bytes")
    length = int.from_bytes(data[:8], "little")
    if length > min(len(data) - 8, MAX_HEADER_BYTES):
        _refuse(f"{len(data)} bytes that begin with {data[:8]!r}")
    try:
        document = data[8 : 8 + length].decode()
    except UnicodeDecodeError:
        _refuse("one whose header is not UTF-8")
    return _read_object("header", document)


def _read_metadata(metadata: object) -> dict[str, str]:
    """The metadata of a header, if its keys are the format's and its values strings."""
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        _refuse(f"one whose metadata is {reprlib.repr(metadata)}")
    needed = {"format", "config", "epoch"}
    if metadata.keys() - {"branch"} != needed or not all(isinstance(value, str) for value in metadata.values()):
        raise ConfigError(f"metadata must be strings config, epoch and branch, got {reprlib.repr(metadata)}")
    return metadata


def _read_config(document: str) -> RunConfig:
    _read_flat("config", document)
    return RunConfig.from_json(document)


def _read_branch(document: str | None) -> Branch | None:
    if document is None:
        return None
    values = _read_flat("branch", document)
    if values.keys() != BRANCH_RULES.keys():
        raise ConfigError(f"branch must have the keys {', '.join(BRANCH_RULES)}, got {reprlib.repr(list(values))}")
    try:
        return Branch(**values)
    except ConfigError as error:
        raise ConfigError(f"branch: {error}") from None


def _read_flat(name: str, document: str) -> dict[str, Any]:
    """A JSON object of strings, numbers, true, false and null."""
    values = _read_object(name, document)
    if any(isinstance(value, dict | list) for value in values.values()):
        raise ConfigError(f"{name} must have no object or list in it, got {reprlib.repr(values)}")
    return values


def _read_object(name: str, document: str) -> dict[str, Any]:
    """A JSON object no key of which is given twice, at any depth."""
    try:
        read = json.loads(document, object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        read = document
    if not isinstance(read, dict):
        raise ConfigError(f"{name} must be a JSON object with each key once, got {reprlib.repr(read)}")
    return read


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError
    return values


def _check_header(header: Mapping[str, Any], fields: Mapping[str, _Field]) -> None:
    """Raises ConfigError where the tensors of a header are not those of ``fields``, in dtype and shape."""
    for name in header:
        if name not in fields:
            raise ConfigError(f"tensor must be one of this config's and epoch's, got {reprlib.repr(name)}")
    for name, field in fields.items():
        entry = header.get(name)
        told = (entry.get("dtype"), entry.get("shape")) if isinstance(entry, dict) else None
        if told != (field.dtype, list(field.shape)):
            raise ConfigError(f"{name} must be {field.dtype} of shape {field.shape}, got {reprlib.repr(entry)}")


def _check_numbers(arrays: Mapping[str, Array], fields: Mapping[str, _Field]) -> None:
    for name, field in fields.items():
        broken = arrays[name][~field.holds(arrays[name])]
        if broken.size:
            raise ConfigError(f"{name} must be {field.rule}, got {broken[0]}")


def _refuse(got: str) -> NoReturn:
    raise ConfigError(f"file must be a safetensors file exported here, got {got}")
