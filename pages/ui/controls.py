"""The sidebar: text, presets and every field of RunConfig, each a key of the URL under its own name."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeAlias

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.ui import address, cursor, given, number_field, state
from pages.ui.components import typed
from pages.ui.head import peeks
from pages.ui.i18n import _
from pages.ui.number_field import DECADES, show_problem, typed_number
from rnn_core.config import (
    RULES,
    Cell,
    ConfigError,
    Head,
    Nonlinearity,
    Optimizer,
    RunConfig,
    Task,
    parse_field,
)
from rnn_core.cursor import CURSOR_KEYS
from rnn_core.link import LINK_KEYS, TEXT_KEPT, parse_link
from rnn_core.presets import PRESETS
from rnn_core.repair import Problem, Values, find_problems
from rnn_core.rules import Real, Whole
from rnn_core.text import canonical_text, line_texts

_DEFAULT = RunConfig()
_SEVERAL = "several_lines"
_LINES = "lines"
_PASTED = "pasted_lines"
_LINK_NOTES = "link_notes"
_PRESET = "preset"
Places: TypeAlias = dict[str, DeltaGenerator]
"""Where the problem of a field is drawn, by the name of the field."""


def show_sidebar() -> tuple[Problem, ...]:
    """Draw the sidebar, and keep the config if it is valid; return what is wrong, each with a sentence, if not."""
    _read_link()
    number_field.begin()
    address.hide_controls()
    places: Places = {}
    with st.sidebar:
        values: dict[str, Any] = {"text": _text(places)}
        presets = st.container(key="presets")
        values |= _task()
        values |= _network(values, places) | _training(places)
        problems = tuple(map(_within_reach, find_problems(values)))
        if not problems:
            state.keep_config(RunConfig(**values))
        for problem in problems:
            show_problem(problem, places[problem.field], key=problem.field, repair=repair)
        with presets:
            _presets(state.config())
        _share()
    return problems


def repair(change: Values) -> None:
    """Give the controls the new values of a repair; for a callback, before they are drawn."""
    put_fields(change)


def _within_reach(problem: Problem) -> Problem:
    """Return ``problem`` without the repairs that change what the link hides."""
    held = set(held_fields())
    return replace(problem, repairs=tuple(change for change in problem.repairs if not held & change.keys()))


def connect_fields() -> None:
    """Connect what is typed in the browser to the fields drawn in this run; for the end of the script."""
    with st.sidebar:
        typed.connect(rules=number_field.drawn_rules(), refused=number_field.refused_fields(), on_lines=_take_pasted)


def link_notes() -> tuple[str, ...]:
    """What of the link that opened this session was ignored, a sentence each."""
    notes: tuple[str, ...] = st.session_state.get(_LINK_NOTES, ())
    return notes


def dismiss_link_notes() -> None:
    st.session_state[_LINK_NOTES] = ()


def _read_link() -> None:
    """Takes the values of all controls from the link that opened this session; what is refused has its default."""
    if _LINK_NOTES in st.session_state:
        return
    raw = address.raw_query()
    values, wrong = {}, {}
    kept = raw.pop(TEXT_KEPT, None)
    if kept is not None and "text" not in raw:
        wrong[TEXT_KEPT] = f"{TEXT_KEPT} must name a text that this browser has kept, got {reprlib.repr(kept[-1])}"
    looked = {name: raw.pop(name) for name in CURSOR_KEYS if name in raw}
    said = {name: raw.pop(name) for name in LINK_KEYS if name in raw}
    for name, value in raw.items():
        try:
            values[name] = parse_field(name, value)
        except ConfigError as error:
            wrong[name] = str(error)
    config = _config_or_default(values)
    wrong |= cursor.arrive(looked, config)
    link, wrong_of_link = parse_link(said, config)
    address.arrive(config, link)
    st.session_state[_LINK_NOTES] = tuple((wrong | wrong_of_link).values())
    put_fields({name: getattr(_DEFAULT, name) for name in RULES} | values)


def _config_or_default(values: Mapping[str, Any]) -> RunConfig:
    """The config of these fields, or the default one where they do not go together: what the page will show."""
    try:
        return RunConfig(**values)
    except ConfigError:
        return _DEFAULT


def _text(places: Places) -> str:
    """One line is typed live; several lines in a text area, which has no ``live`` and hands its text to the first.

    The first is always drawn, if hidden (``style.css``): its value is that of the config.
    """
    if "text" in st.session_state:
        _keep_canonical("text")
    several = st.session_state[_SEVERAL] or _is_batch(st.session_state.get("text", ""))
    with st.container(key="hidden_text" if several else "one_line"):
        label = _("Text as one line") if several else _("Text")
        text = st.text_input(label, _DEFAULT.text, key="text", live=True)
    if several:
        given.give(_LINES, text)
        st.text_area(
            _("Text"),
            key=_LINES,
            height=120,
            on_change=_take_lines,
            help=_("One sequence a line. Blank lines are left out. Ctrl+Enter applies."),
        )
    places["text"] = st.container(key="text_refused", gap="xsmall")
    if several and st.session_state.get(_PASTED) == text:
        _tell_pasted(text)
    st.toggle(
        _("Several lines: a batch"),
        key=_SEVERAL,
        persist_state="session",
        on_change=_switch_lines,
        help=_("Each line is one sequence of the batch. Switched off, the lines become one."),
    )
    return text or ""


def _keep_canonical(key: str) -> None:
    """Bring the text of a control that is not drawn yet to its canonical form; one that has it is left alone."""
    text = st.session_state[key] or ""
    if canonical_text(text) != text:
        given.give(key, canonical_text(text))


def _is_batch(text: str) -> bool:
    return len(line_texts(text)) > 1


def _take_lines() -> None:
    if not given.is_old(_LINES):
        given.give("text", canonical_text(st.session_state[_LINES]))


def _take_pasted(text: str) -> None:
    """Take several lines that were pasted or dropped into the field for one line."""
    st.session_state[_PASTED] = canonical_text(text)
    put_fields({"text": canonical_text(text)})


def _tell_pasted(text: str) -> None:
    """Draw what became of pasted or dropped lines, and the way to one line, until the text is another one."""
    with st.container(key="pasted", gap="xsmall"):
        st.caption(_("The text has {lines} lines now: a batch of {lines}.").format(lines=len(line_texts(text))))
        st.button(_("Make it one line"), key="one_line_of_pasted", icon=":material/join:", on_click=_join_lines)


def _switch_lines() -> None:
    if not given.is_old(_SEVERAL) and not st.session_state[_SEVERAL]:
        _join_lines()


def _join_lines() -> None:
    given.give("text", " ".join(line_texts(st.session_state["text"])))
    given.give(_SEVERAL, False)


def _presets(shown: RunConfig) -> None:
    """Draw a list of the presets that can be put, with the one that is ``shown`` chosen, if it is one."""
    given.give(_PRESET, next((label for label, preset in PRESETS.items() if preset == shown), None))
    offered = [label for label, preset in PRESETS.items() if can_put(preset)]
    if not offered:
        return
    st.selectbox(
        _("Preset"),
        offered,
        format_func=_,
        index=None,
        key=_PRESET,
        placeholder=_("your own"),
        on_change=_apply,
    )


def _apply() -> None:
    preset = PRESETS.get(st.session_state[_PRESET])
    if preset is None or given.is_old(_PRESET):
        return
    put(preset)
    st.session_state[_LINK_NOTES] = ()


def put(config: RunConfig) -> None:
    """Give the controls the values of ``config``; for a callback, before they are drawn.

    No other function gives them the values of a whole config. What leads here is drawn where ``can_put`` only.

    Raises: ConfigError where that changes what the link hides.
    """
    for name in held_fields():
        held, wanted = st.session_state[name], _widget_value(getattr(config, name))
        if held != wanted:
            raise ConfigError(f"{name} must be {_said(name, held)}, as this link holds it, got {_said(name, wanted)}")
    put_fields({name: getattr(config, name) for name in RULES})


def can_put(config: RunConfig) -> bool:
    """Return whether ``config`` has the present value of every field that the link hides."""
    return all(getattr(config, name) == getattr(state.config(), name) for name in held_fields())


def held_fields() -> tuple[str, ...]:
    """Return the fields of the config that the link hides: nothing but a new link changes their values."""
    return tuple(name for name in address.hidden() if name in RULES)


def _said(name: str, value: object) -> str:
    return reprlib.repr(value) if name == "text" else str(value)


def put_fields(fields: Mapping[str, Any]) -> None:
    """Give the controls of some fields new values; for a callback, before they are drawn."""
    for name, value in widget_values(fields).items():
        given.give(name, value)
    if "text" in fields:
        given.give(_SEVERAL, _is_batch(fields["text"]))


def widget_values(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the controls have for these values of the fields of a config."""
    return {name: _widget_value(value) for name, value in fields.items()}


def _widget_value(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return str(value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _task() -> dict[str, Any]:
    """What is ours, and no argument of torch's recurrent modules."""
    st.header(
        _("Experiment"),
        divider="gray",
        help=_("task, cell and head are names of this app; torch has no such arguments."),
    )
    return {
        "task": _choice("task", Task, _("copy: predict the token just read. next: predict the one after it.")),
        "cell": _choice("cell", Cell, _("torch.nn.RNN, torch.nn.GRU or torch.nn.LSTM.")),
        "head": _choice(
            "head",
            Head,
            _("none: output itself is the logits. linear: nn.Linear turns output into logits."),
        ),
    }


def _network(values: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """The arguments of torch's module."""
    cell = Cell(values["cell"] or _DEFAULT.cell)
    st.header(_("Arguments of nn.{cell}").format(cell=cell.upper()), divider="gray")
    arguments = {
        "nonlinearity": _choice(
            "nonlinearity",
            Nonlinearity,
            _("The activation of nn.RNN; GRU and LSTM have their own."),
            disabled=cell is not Cell.RNN,
        ),
        "hidden_size": _number(
            "hidden_size",
            places,
            start=state.config().units,
            placeholder=_("from the vocabulary"),
            help=_(
                "How many hidden units. Empty: as many as there are tokens, without a head divided by the directions."
            ),
        ),
        "num_layers": _number("num_layers", places, help=_("How many recurrent layers are stacked.")),
        "bidirectional": _flag("bidirectional", _("A second direction reads each sequence from its end."), places),
        "batch_first": _flag(
            "batch_first",
            _("The data is (B, T, V) either way. Off, the module takes B as time: the slip of the course notes."),
        ),
    }
    if arguments["bidirectional"] and arguments["batch_first"] and values["task"] == Task.NEXT:
        with st.container(key="peeks"):
            st.caption(peeks())
    return arguments


def _training(places: Places) -> dict[str, Any]:
    st.header(_("Training"), divider="gray")
    return {
        "optimizer": _choice("optimizer", Optimizer, _("torch.optim, with its defaults but for the learning rate.")),
        "learning_rate": _number(
            "learning_rate",
            places,
            step=DECADES,
            help=_("Scales each update (`lr` of torch.optim). Above 0, at most 10."),
        ),
        "clip_norm": _number(
            "clip_norm",
            places,
            step=DECADES,
            placeholder=_("no clipping"),
            help=_(
                "A gradient of a larger norm is scaled down to this norm (`max_norm` of clip_grad_norm_). "
                "Empty: no clipping."
            ),
        ),
        "seed": _number("seed", places, help=_("Of torch.manual_seed, before the weights are drawn.")),
    }


def _number(name: str, places: Places, **options: Any) -> Any:
    rule = RULES[name]
    assert isinstance(rule, (Whole, Real))
    value, places[name] = typed_number(name, rule, getattr(_DEFAULT, name), key=name, **options)
    return value


def _choice(name: str, options: type[StrEnum], words: str, *, disabled: bool = False) -> str | None:
    chosen: str | None = st.segmented_control(
        name,
        [str(option) for option in options],
        default=str(getattr(_DEFAULT, name)),
        required=True,
        key=name,
        help=words,
        disabled=disabled,
    )
    return chosen


def _flag(name: str, words: str, places: Places | None = None) -> bool:
    on = st.toggle(name, getattr(_DEFAULT, name), key=name, help=words)
    if places is not None:
        places[name] = st.container(key=f"{name}_refused", gap="xsmall")
    return on


def _share() -> None:
    with st.container(key="share"):
        st.header(_("Share"), divider="gray")
        st.caption(_("The address of this page is the run: whoever opens it sees these numbers."))
