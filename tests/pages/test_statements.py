"""Every sentence on every page is true in every configuration.

A sentence with a word that makes a general claim (``CLAIM_WORDS``) has to be registered here: in ``CLAIMS`` with what
must hold for the configuration, computed with torch, or in ``GENERAL`` where it is about no configuration.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from rnn_core.config import Cell, Task
from tests.pages.configurations import CASES, DIVERGED, DIVERGED_EPOCHS, config_of, query_of
from tests.pages.conftest import PAGES, Open
from tests.pages.facts import Facts

Holds = Callable[[Facts, "re.Match[str]"], bool]

CLAIM_WORDS = re.compile(
    r"\b(never|always|every|each|all|cannot|can not|must|nothing|neither|no (?:state|step|gradient|arrow|network|"
    r"memory|number|letter)|alone|whoever|depends?|computed from|floor|lower bound|batch_size|sequence_length|packs?|"
    r"packed|already read|gets? no|zeros|only|at most|a batch of|sequences of length|already read)\b|`h_n`",
    re.IGNORECASE,
)
"""What makes a sentence a general claim, which one configuration or another may not bear out."""

CLAIMS: Mapping[str, Holds] = {
    # how the states depend on each other
    r"and from the state of the step before\.": lambda f, _m: f.one_way,
    r"and from the state of a neighbouring step: ": lambda f, _m: f.both_ways,
    r"and from the state of the line above it at the same step\.": lambda f, _m: f.down_lines and not f.up_lines,
    r"and from the state of a neighbouring line at the same step: ": lambda f, _m: f.up_lines,
    r"and from `h_0`: no state is computed from the state of another step\.": lambda f, _m: f.alone,
    r"computed from the token below it ": lambda f, _m: f.config.num_layers == 1,
    r"computed from what is below it, the token or the layer below,": lambda f, _m: f.config.num_layers > 1,
    r"no arrow joins two steps": lambda f, _m: f.alone,
    r"reads (\d+) sequences of length (\d+)": lambda f, m: reads(f, m[1], m[2]) and f.alone,
    r"a batch of (\d+), each (?:a sequence )?of length (\d+)": lambda f, m: (
        reads(f, m[1], m[2]) and f.within(line=False, step=True)
    ),
    r"with one line nothing recurs": lambda f, _m: f.alone and f.lines == 1,
    r"no step depends on the one before it": lambda f, _m: f.alone and f.recurrent_gradient_is_zero,
    r"loss at step t depends on the states of all steps before it": lambda f, _m: f.one_way,
    r"depends on the states of the steps before and after it": lambda f, _m: f.both_ways,
    r"depends on the state of its own step alone": lambda f, _m: f.alone,
    r"left at each of them": lambda f, _m: f.along_text,
    r"no gradient flows between characters at all": lambda f, _m: f.alone,
    r"the gradient of W_hh is all zeros": lambda f, _m: f.recurrent_gradient_is_zero,
    r"There is no pair of steps that are joined": lambda f, _m: f.within(line=False, step=True),
    r"a state then depends on other characters of its line too": lambda f, _m: f.within(line=False, step=True),
    r"prediction at a step then depends on that step's character alone": lambda f, _m: f.lines == 1 and f.along_text,
    # sizes
    r"batch_size \*\*(\d+)\*\*\].*sequence_length \*\*(\d+)\*\*\]": lambda f, m: reads(f, m[1], m[2]),
    r"badge\[batch_size \*\*B = (\d+)\*\*": lambda f, m: f.module_batch == int(m[1]),
    r"badge\[sequence_length \*\*T = (\d+)\*\*": lambda f, m: f.module_length == int(m[1]),
    r"batch_size \| N \| (\d+) \|": lambda f, m: f.module_batch == int(m[1]),
    r"sequence_length \| L \| (\d+) \|": lambda f, m: f.module_length == int(m[1]),
    r"(batch_size|sequence_length)( = \w+)* = \d+": lambda f, m: m[0].endswith(
        str({"b": f.lines, "s": f.steps}[m[1][0]])
    ),
    r"its second axis is T, which the module took": lambda f, _m: f.h_n(f.fresh).shape[1] == f.steps != f.lines,
    r"the state each row ended in; batch_first never moves its axes": lambda f, _m: f.h_n(f.fresh).shape[1] == f.lines,
    r"(\d)H: torch stacks the rows of": lambda f, m: f.gates == int(m[1]),
    # h_n and c_n
    r"^`h_n` is not a second result": lambda f, _m: f.rows_in_output == f.last_rows and min(f.last_rows) == 0,
    r"The ringed cells of `output` \*\*are\*\* `h_n`": lambda f, _m: len(f.rows_in_output) == len(f.h_n(f.fresh)),
    r"\*\*are\*\* the last layer's rows of `h_n`": lambda f, _m: (
        f.rows_in_output == f.last_rows and min(f.last_rows) > 0
    ),
    r"The rows of the layers below are in `h_n` only": lambda f, _m: (
        f.rows_in_output == f.last_rows and min(f.last_rows) > 0
    ),
    r"`h_n\[(\d)\]`.*not in output, which holds the last layer only": lambda f, m: int(m[1]) not in f.rows_in_output,
    r"`c_n` · not in output at all": lambda f, _m: f.lstm_shows_h_only,
    r"An arrow to h that does not come from c is the output gate": lambda f, _m: f.config.cell is Cell.LSTM,
    # the loss
    r"cannot get below ln\(1 \+ (\d+) · e⁻²\) = ([\d.]+) nats": lambda f, m: f.bounded and near(m[2], f.floor),
    r"above ([\d.]+), its lower bound for logits between −1": lambda f, m: f.bounded and near(m[1], f.floor),
    r"above ([\d.]+), its lower bound where the text does not decide": lambda f, m: near(m[1], f.text_bound),
    r"floor": lambda f, _m: f.bounded,
    r"and each is between −1 and 1": lambda f, _m: f.bounded,
    r"one for each of (\d+) tokens": lambda f, m: f.fresh.rnn.hidden_size == int(m[1]) == len(f.config.vocabulary),
    r"at each step but the last it has already read the answer": lambda f, _m: f.reads_answers,
    r"all but the last of each line: what it gets right": lambda f, _m: f.reads_answers,
    r"gets (\d+) of (\d+) right and remembers nothing": lambda f, m: m[1] == m[2] and f.config.task is Task.COPY,
    r"there is nothing to learn|gives it probability 1 whatever": lambda f, _m: len(f.config.vocabulary) == 1,
    r"and yet the gradient of all|^Every activation between the parameters": lambda f, _m: (
        f.trainer.now.gradient_norm == 0
    ),
    # padding
    r"is packed: it never reads a padded step": lambda f, _m: f.skips_padding,
    r"does not pack the lines": lambda f, _m: f.reads_padding,
    r"padding, read as zeros": lambda f, _m: not f.config.batch_first,
    r"is padding: behind a shorter line's end x is all 0": lambda f, _m: f.encoding.padded,
    r"make all lines equally long": lambda f, _m: f.encoding.padded,
    # what the text takes
    r"current character only can get at most \*\*(\d+) of (\d+)": lambda f, m: table(f, 1, m[1], m[2]),
    r"the current character alone: \*\*(\d+) of (\d+)": lambda f, m: table(f, 1, m[1], m[2]),
    r"is always followed by the same one": lambda f, _m: f.table_right(1) == f.predictions,
    r"takes the last \*\*(\d+)\*\*, and with them all (\d+) can": lambda f, m: table(f, int(m[1]), m[2], f.predictions),
    r"remembers everything at most \*\*(\d+)\*\*": lambda f, m: f.table_right(f.steps + 2) == int(m[1]),
    r"so no network gets more than (\d+) of": lambda f, m: f.one_way and f.table_right(f.steps + 2) == int(m[1]),
    r"`task` is \*copy\*: what is asked for": lambda f, _m: f.config.task is Task.COPY,
    r"`task` \*next\*: of each line, the input is": lambda f, _m: f.config.task is Task.NEXT,
    r"Every character is read once": lambda f, _m: len(f.read) == len(set(f.read)),
    r"No letter comes twice here": lambda f, _m: len(f.read) == len(set(f.read)),
    # gradients
    r"1, so ∂h\[t\]/∂h\[k\] of this layer \*\*must shrink\*\*": lambda f, _m: f.stretch < 1,
    r"A step back within this layer multiplies by W_hh": lambda f, _m: f.config.cell is Cell.RNN,
    r"past all of these matrices, only scaled by a gate": lambda f, _m: f.config.cell is not Cell.RNN,
    r"its cell state has a direct way back, which only": lambda f, _m: f.config.cell is Cell.RNN,
    r"colours: gates σ": lambda f, _m: f.config.cell is not Cell.RNN,
    r"; colours: ±": lambda f, _m: f.config.cell is Cell.RNN,
}
"""A pattern of a sentence, and what must hold for the configuration."""

GENERAL = (
    # definitions, and names of what is drawn
    r"letter and name|how long output is|how many (rows|gates|lines|time steps)|the same weights read every time step",
    r"A \*\*recurrent neural network\*\* reads|Every token becomes a column|the same ids in every process",
    r"^Each line is one sequence of the batch|reads each sequence from its end|Scales each update",
    r"mean of −ln p\(target\) over all steps|Every tensor of one update|\| the last layer's hidden state at every step",
    r"one number: the mean over all real steps|one row (of logit weights )?for each token|one number for each token",
    r"The best that can be said is 1 for the target|strips: all units|over every step and unit of this layer",
    r"All epochs, not only the newest|^Every (epoch|run|loss|other)|loss, every step|What each unit tells apart",
    r"asks \{near\} of its own state, and nothing|Colour: ∂ℓ\[t\]/∂h of each unit|^Above each state",
    r"What the loss L, the mean over all steps|The gradient of W_hh is a sum over the steps|[Ww]hat each step adds",
    r"Σ over all steps = |decide the next one, at each step|^Each dot stands where|as far apart as two of all",
    r"is the same within each group|is the same: |All states are the same|A framed state (is in|and) `h_n`",
    r"An arrow shows what a value is computed from|which rows of `h_n` are in `output`|A gradient that shrinks at",
    r"(norm by distance|parameters).* for each cell|(halves|doubles) every|neither fades nor grows|Every other gate",
    r"For each|each one's|Where these meet, a shape does not tell|^Nothing complains|No state moves with the one",
    r"nothing comes back|^A table with one row for each|Nothing that was read tells them apart",
    # what the app does
    r"Each line is the median|each run is the one of \*Train\*|of every configuration: |^Download|The address",
    r"^Above 0, at most 10|^never$|^nothing$|Controls that whoever|It needs torch alone|The config alone",
    r"whoever opens|remember one character|what is right there|^Nothing is trained yet|^\*Run\* trains \d+ networks",
    r"^\*Step\* makes the chosen number of updates",
    r"torch says nothing if they are swapped|what CrossEntropyLoss is given|Where each row of h_n sits",
)
"""Patterns of sentences that are definitions, names of what is drawn, or about the app: true of no configuration in
particular. What they say is tested where it is computed."""


def reads(facts: Facts, batch: str, length: str) -> bool:
    """Whether the module takes the data for ``batch`` sequences of ``length`` steps."""
    return (facts.module_batch, facts.module_length) == (int(batch), int(length))


def near(printed: str, value: float) -> bool:
    return abs(float(printed) - value) <= 0.5 * 10.0 ** -len(printed.partition(".")[2])


def table(facts: Facts, context: int, right: str, total: str | int) -> bool:
    """Whether the best table of so many last tokens gets exactly so many right."""
    return facts.table_right(context) == int(right) and facts.predictions == int(total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A sentence of a page in one of the CASES."""

    case: int
    page: str
    sentence: str


def sentences(text: str) -> list[str]:
    """The sentences and table rows of a text that is shown; none of code and style sheets."""
    if text.lstrip().startswith("<style") or "import torch" in text or "def " in text:
        return []
    parts = re.split(r"(?<=[.!?])\s+(?=[A-Z`*∂])|\n", text)
    return [part for part in parts if re.search(r"[a-z]{3,}", part)]


@pytest.fixture(scope="module")
def facts() -> list[Facts]:
    """The facts of each of the CASES."""
    epochs = [DIVERGED_EPOCHS if case["epoch"] == DIVERGED else case["epoch"] for case in CASES]
    return [Facts(config_of(case), epoch) for case, epoch in zip(CASES, epochs, strict=True)]


@pytest.fixture(scope="module")
def stated(open_screen: Open) -> list[Stated]:
    """Every sentence with a general claim, of every page, in each of the CASES."""
    found: dict[Stated, None] = {}
    for number, case in enumerate(CASES):
        screen = open_screen(query=query_of(case))
        for page in screen.walk():
            for text in screen.sentences():
                for sentence in sentences(text):
                    if CLAIM_WORDS.search(sentence) or any(re.search(pattern, sentence) for pattern in CLAIMS):
                        found[Stated(case=number, page=page, sentence=sentence)] = None
    assert {one.page for one in found} == set(PAGES)
    return list(found)


def test_every_general_claim_on_a_page_is_registered(stated: list[Stated]) -> None:
    patterns = [re.compile(pattern) for pattern in (*CLAIMS, *GENERAL)]
    unknown = sorted({one.sentence for one in stated if not any(known.search(one.sentence) for known in patterns)})
    assert unknown == []


def test_every_claim_holds_in_the_configuration_it_is_made_in(stated: list[Stated], facts: list[Facts]) -> None:
    false = []
    for one in stated:
        for pattern, holds in CLAIMS.items():
            match = re.search(pattern, one.sentence)
            if match and not holds(facts[one.case], match):
                false.append((one.page, one.sentence, facts[one.case].config.to_query()))
    assert false == []


def test_every_registered_claim_is_made_somewhere(stated: list[Stated]) -> None:
    made = {pattern for pattern in CLAIMS if any(re.search(pattern, one.sentence) for one in stated)}
    assert [pattern for pattern in CLAIMS if pattern not in made] == []


def test_no_claim_of_a_table_without_numbers_holds_everywhere(stated: list[Stated], facts: list[Facts]) -> None:
    """A condition that is always true would test nothing: each is false in some other configuration."""
    matches = defaultdict(list)
    for one in stated:
        for pattern in CLAIMS:
            if match := re.search(pattern, one.sentence):
                matches[pattern].append(match)
    always = [pattern for pattern, found in matches.items() if all(CLAIMS[pattern](there, found[0]) for there in facts)]
    assert always == []
