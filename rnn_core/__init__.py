"""rnn_core: every number inside a small recurrent network, as records that can be drawn, compared and exported.

The way data flows, and what each module is:

    text ─▶ encoding ─▶ model ─▶ trace ─┬─▶ figures, tables
                          │             └─▶ gradients ─▶ figures
                          └────▶ training ─▶ figures, tables

    text       text ⇄ tokens ⇄ ids               rules     the kinds of rule a field can have
    config     one experiment, validated          presets   the experiments one click away
    encoding   config → ids, one-hot, targets     model     config → torch's module, seeded
    cells      the equations of RNN, GRU, LSTM    trace     one forward pass, every tensor
    training   one update at a time               history   its records, in bounded memory
    cursor     which hidden value one looks at    microscope one hidden value, opened up
    whatif     edits, and what they move          cost      what one update is in multiply–adds
    steps      what is read, asked and said       progress  why the loss gets no better
    call       config → the call of torch's class tables    records → pandas
    shapes     the ledger of every tensor's axes  figures   records → Plotly
    picture    the network drawn over the text    diagram   the textbook's figure of one cell
    update     one update taken apart             gradients backpropagation through time, opened up
    derivatives of one step, in closed form       backward  how a gradient comes back through the network
    decay      norms over pairs of steps, and how fast they fade
    memory     how much context a text asks for
    states     what hidden states tell apart      insights  what is at work in this run, in its own numbers
    ensemble   one config under many seeds at once
    runs       one training, in numbers           comparison  configs under seeds, side by side
    sweep      a grid of runs, kept as it goes    export    what is on a screen, as lines of Python
    link       what a link says of a run          checkpoint  a run as one file, and back

The axis key. Arrays end in their axes, and no axis is optional:

    B batch · T time step · V vocabulary = input_size · H hidden_size · D directions · F = D·H feature of `output`
    S = num_layers·D rows of `h_n` · N the module's batch axis · G gate · E epoch · I input of a layer
"""

from rnn_core.config import ConfigError, RunConfig
from rnn_core.encoding import Encoding, encode
from rnn_core.gradients import GradientFlow, gradient_flow
from rnn_core.history import EpochRecord
from rnn_core.insights import Insight
from rnn_core.memory import accuracy_ceiling, context_need
from rnn_core.model import CharRNN, build_model
from rnn_core.presets import PRESETS
from rnn_core.runs import Run, train_run
from rnn_core.shapes import ShapeLine, shape_ledger
from rnn_core.tables import history_csv, history_table, read_history_csv, runs_csv, runs_table
from rnn_core.text import Vocabulary
from rnn_core.trace import Trace, trace_forward
from rnn_core.training import Trainer

__all__ = [
    "PRESETS",
    "CharRNN",
    "ConfigError",
    "Encoding",
    "EpochRecord",
    "GradientFlow",
    "Insight",
    "Run",
    "RunConfig",
    "ShapeLine",
    "Trace",
    "Trainer",
    "Vocabulary",
    "accuracy_ceiling",
    "build_model",
    "context_need",
    "encode",
    "gradient_flow",
    "history_csv",
    "history_table",
    "read_history_csv",
    "runs_csv",
    "runs_table",
    "shape_ledger",
    "trace_forward",
    "train_run",
]
