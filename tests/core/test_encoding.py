"""A config becomes what the network reads and what it is to say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from rnn_core.config import Head, RunConfig, Task
from rnn_core.encoding import Encoding, encode
from rnn_core.text import PADDING

ARRAYS = ["ids_BT", "x_BTV", "target_BT", "length_B"]


@pytest.fixture
def hello() -> Encoding:
    return encode(RunConfig("hello"))


@pytest.fixture
def ragged() -> Encoding:
    return encode(RunConfig("abc\ndabcb\na", head=Head.LINEAR))


def test_hello_is_the_matrix_of_the_notes(hello: Encoding) -> None:
    h, e, l, o = [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]  # noqa: E741 - the notes' letters
    assert hello.x_BTV.tolist() == [[h, e, l, l, o]]


def test_shapes_are_batch_time_vocabulary(prime_config: Callable[..., RunConfig]) -> None:
    encoding = encode(prime_config())
    assert [getattr(encoding, name).shape for name in ARRAYS] == [(3, 7), (3, 7, 5), (3, 7), (3,)]


def test_the_next_task_has_one_step_less_than_tokens(prime_config: Callable[..., RunConfig]) -> None:
    encoding = encode(prime_config(task=Task.NEXT, lengths=(4, 7, 3)))
    assert [len(line) for line in encoding.lines] == [5, 8, 4]
    assert encoding.length_B.tolist() == [4, 7, 3]


def test_to_copy_is_to_say_what_is_read(hello: Encoding) -> None:
    assert hello.inputs == hello.targets == hello.lines == (tuple("hello"),)
    assert hello.ids_BT.tolist() == hello.target_BT.tolist() == [[0, 1, 2, 2, 3]]


def test_the_next_task_says_what_is_read_one_step_later() -> None:
    encoding = encode(RunConfig("hello", task=Task.NEXT))
    assert (encoding.inputs, encoding.targets) == ((tuple("hell"),), (tuple("ello"),))
    assert (encoding.ids_BT.tolist(), encoding.target_BT.tolist()) == ([[0, 1, 2, 2]], [[1, 2, 2, 3]])


def test_a_token_that_is_only_ever_a_target_is_in_the_vocabulary() -> None:
    assert encode(RunConfig("hello", task=Task.NEXT)).vocabulary.tokens == tuple("helo")


def test_behind_a_lines_end_is_padding(ragged: Encoding) -> None:
    assert ragged.ids_BT.tolist() == ragged.target_BT.tolist()
    assert ragged.ids_BT.tolist() == [[0, 1, 2, *[PADDING] * 2], [3, 0, 1, 2, 1], [0, *[PADDING] * 4]]
    assert ragged.length_B.tolist() == [3, 5, 1]


def test_the_input_behind_a_lines_end_is_zero(ragged: Encoding) -> None:
    assert ragged.x_BTV.sum(axis=-1).tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]]


def test_padding_is_what_cross_entropy_ignores() -> None:
    assert torch.nn.CrossEntropyLoss().ignore_index == PADDING


@pytest.mark.parametrize("text", ["ab\n\nc", "\nab\nc", "ab\r\n\r\nc\r\n", "ab\rc"], ids=ascii)
def test_blank_lines_are_left_out(text: str) -> None:
    assert encode(RunConfig(text)).lines == (("a", "b"), ("c",))


def test_a_line_of_spaces_is_a_line() -> None:
    assert encode(RunConfig("ab\n  ")).lines == (("a", "b"), (" ", " "))


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_are_read_only(hello: Encoding, name: str) -> None:
    with pytest.raises(ValueError, match="read-only"):
        getattr(hello, name)[0] = 0


def test_dtypes_are_what_torch_wants(hello: Encoding) -> None:
    assert [getattr(hello, name).dtype for name in ARRAYS] == [np.int64, np.float32, np.int64, np.int64]
