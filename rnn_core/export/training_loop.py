"""A config, a number of updates and a branch become the loop of a script that trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rnn_core.config import Head, RunConfig
from rnn_core.export.reading import line_lengths, padded
from rnn_core.export.source import INDENT, Statement, shaped, statement, written
from rnn_core.shapes import shape_ledger
from rnn_core.text import PADDING
from rnn_core.training import OPTIMIZERS, Branch


def loop(config: RunConfig, forward: Sequence[Statement], epochs: int, branch: Branch | None) -> list[str]:
    """The lines that print epochs 0…``epochs`` and make ``epochs`` updates; ``losses`` and ``predictions`` hold them.

    Args:
        forward: what each epoch begins with.
    """
    config, branch = _settled(config, branch, epochs)
    steps, some_padding = sum(line_lengths(config)), padded(config)
    ignored = f"ignore_index={PADDING}" if some_padding else ""
    total = "sum(lengths)" if some_padding else "target.numel()"
    return [
        f"epochs = {epochs}",
        f"loss_function = nn.CrossEntropyLoss({ignored})",
        *(_optimizer(config) if epochs else ()),
        f"total = {total}  # steps: {steps}" + (", without the padding" if some_padding else ""),
        "losses, predictions = [], []",
        "for epoch in range(epochs + 1):",
        *written(forward, depth=1, notes=False),
        *written(_loss(config), depth=1),
        *_report(epochs, steps),
        *(_update(config, branch) if epochs else ()),
    ]


def _optimizer(config: RunConfig) -> list[str]:
    making = f"torch.optim.{OPTIMIZERS[config.optimizer].__name__}({_weights(config)}, lr={config.learning_rate})"
    listed = ["parameters = [*rnn.parameters(), *head.parameters()]"] if config.head is Head.LINEAR else []
    return [*listed, f"optimizer = {making}"]


def _weights(config: RunConfig) -> str:
    return "parameters" if config.head is Head.LINEAR else "rnn.parameters()"


def _loss(config: RunConfig) -> tuple[Statement, ...]:
    shapes = {line.name: shaped(line.axes, line.shape) for line in shape_ledger(config)}
    return (
        statement(
            "flat_logits = logits.reshape(-1, V)",
            shapes=shapes["logits.reshape(-1, V)"],
            notes=["The loss wants (N, C) logits and (N,) class ids."],
        ),
        statement("flat_target = target.reshape(-1)", shapes=shapes["target.view(-1)"]),
        statement(
            "loss = loss_function(flat_logits, flat_target)",
            shapes="(): one number, the mean over all real steps, in nats",
        ),
    )


def _report(epochs: int, steps: int) -> list[str]:
    wide, long = len(str(epochs)), len(str(steps))
    lines = (
        "right = (predicted == target).sum().item()",
        f'print(f"epoch {{epoch:{wide}}}  loss {{loss.item():.7f}}  right {{right:{long}}} of {{total}}  {{decoded}}")',
        "losses.append(loss.item())",
        "predictions.append(decoded)",
    )
    return [INDENT + line for line in lines]


def _update(config: RunConfig, branch: Branch | None) -> list[str]:
    """One update; after the last epoch none, so that the weights are those of the last line that was printed."""
    rate: list[str] = []
    if branch is not None and branch.learning_rate != config.learning_rate:
        rate = [
            f"if epoch == {branch.epoch}:  # from here on, another rate",
            f'{INDENT}optimizer.param_groups[0]["lr"] = {branch.learning_rate}',
        ]
    lines = [*rate, "optimizer.zero_grad()", "loss.backward()", *_clipping(config, branch), "optimizer.step()"]
    return [f"{INDENT}if epoch < epochs:", *(2 * INDENT + line for line in lines)]


def _clipping(config: RunConfig, branch: Branch | None) -> list[str]:
    before, after = config.clip_norm, config.clip_norm if branch is None else branch.clip_norm
    clip = f"nn.utils.clip_grad_norm_({_weights(config)}, max_norm={{}})"
    if branch is None or before == after:
        return [] if before is None else [clip.format(before)]
    if before is None:
        return [f"if epoch >= {branch.epoch}:", INDENT + clip.format(after)]
    if after is None:
        return [f"if epoch < {branch.epoch}:", INDENT + clip.format(before)]
    return [clip.format(f"{before} if epoch < {branch.epoch} else {after}")]


def _settled(config: RunConfig, branch: Branch | None, epochs: int) -> tuple[RunConfig, Branch | None]:
    """The same updates with no branch that begins before the first of them, or after the last."""
    if branch is None or branch.epoch >= epochs:
        return config, None
    if branch.epoch == 0:
        return replace(config, learning_rate=branch.learning_rate, clip_norm=branch.clip_norm), None
    return config, branch
