"""The experiments that are one click away: the course notes, cell by cell, and three texts that show something else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rnn_core.config import ConfigError, Head, RunConfig, Task

MAX_DOTS = 60

_BATCH = "hello\neolll\nlleel"

PRESETS: Mapping[str, RunConfig] = MappingProxyType(
    {
        "Two units read hello": RunConfig("hello", hidden_size=2, head=Head.LINEAR),
        "Batch, batch_first off": RunConfig(_BATCH, hidden_size=2, head=Head.LINEAR, batch_first=False),
        "Batch of three": RunConfig(_BATCH, hidden_size=2, head=Head.LINEAR),
        "Copy hello! world": RunConfig("hello! world"),
        "Copy, batch_first off": RunConfig("hello! world", batch_first=False),
        "Next character": RunConfig(
            "hello! world", task=Task.NEXT, head=Head.LINEAR, hidden_size=16, learning_rate=0.03
        ),
        "Korean: 안녕하세요 세계": RunConfig("안녕하세요 세계"),
        "Emoji: 👩‍🚀🚀🌍": RunConfig("👩‍🚀🚀🌍🇰🇷👩‍🚀🌕🇰🇷🌍"),
    }
)
"""Config by label. The notes' forward passes have hidden size 2 and no training, so a linear head stands behind them:
their recurrent weights are drawn first, and are those of the notes' script."""


def remember_across(dots: int) -> RunConfig:
    """One character to be remembered across ``dots`` others: lines a…a and b…b, of which only the ends differ.

    Its network and training are those under which RNN, LSTM and GRU part ways as ``dots`` grows.

    Raises: ConfigError, such as "dots must be 1…60, got 0".
    """
    if not 1 <= dots <= MAX_DOTS:
        raise ConfigError(f"dots must be 1…{MAX_DOTS}, got {dots}")
    text = "\n".join(end + "." * dots + end for end in "ab")
    return RunConfig(text, task=Task.NEXT, head=Head.LINEAR, hidden_size=16, learning_rate=0.01)
