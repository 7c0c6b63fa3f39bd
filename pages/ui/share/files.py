"""The present run as files to take home, and a file that is brought back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from pages.ui import controls, state, wishes
from pages.ui.i18n import _
from rnn_core import ConfigError, Trainer, history_csv
from rnn_core.checkpoint import config_from_file, from_safetensors, to_safetensors
from rnn_core.export import measure_check, to_notebook, to_script
from rnn_core.tables import history_parquet

MAX_MB = 64
_UPLOAD = "upload"
_SAID = "upload_said"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A kind of file: its name, its type, what is in it in words, and what makes it of a training."""

    name: str
    mime: str
    words: str
    made: Callable[[Trainer], str | bytes]


FILES = (
    File(
        name="run.py",
        mime="text/x-python",
        words="A plain PyTorch script that trains this network and checks these numbers. It needs torch alone.",
        made=lambda run: to_script(run.config, epochs=run.epoch, branch=run.branch, check=measure_check(run)),
    ),
    File(
        name="run.ipynb",
        mime="application/x-ipynb+json",
        words="The same as a Jupyter notebook.",
        made=lambda run: to_notebook(run.config, epochs=run.epoch, branch=run.branch, check=measure_check(run)),
    ),
    File(
        name="run.safetensors",
        mime="application/octet-stream",
        words="Weights, the optimizer's state and the history, with the config: to be brought back below.",
        made=to_safetensors,
    ),
    File(
        name="history.csv",
        mime="text/csv",
        words="Every epoch. A prediction that a spreadsheet would take for a formula has an apostrophe in front.",
        made=lambda run: history_csv([*run.history, run.now], run.encoding),
    ),
    File(
        name="history.parquet",
        mime="application/vnd.apache.parquet",
        words="Every epoch, to the last bit.",
        made=lambda run: history_parquet([*run.history, run.now]),
    ),
    File(
        name="config.json",
        mime="application/json",
        words="The config alone.",
        made=lambda run: run.config.to_json(),
    ),
)


def show_downloads(trainer: Trainer) -> None:
    """A button for each kind of file, which is made once it is asked for, and what is in it."""
    with st.container(key="downloads", gap="xsmall"):
        for file in FILES:
            with st.container(horizontal=True, vertical_alignment="center"):
                show_download(trainer, file, key=f"download_{file.name.replace('.', '_')}")
                st.text(_(file.words))
        if not trainer.now.finite:
            st.text(_("The loss is no finite number any more, and run.safetensors holds none such: go back first."))


def show_download(trainer: Trainer, file: File, *, key: str) -> None:
    """Draw the button that makes ``file`` of a training once it is pressed."""
    st.download_button(
        file.name,
        data=_of(trainer, file),
        file_name=file.name,
        mime=file.mime,
        key=key,
        on_click="ignore",
        disabled=file.made is to_safetensors and not trainer.now.finite,
        width=180,
    )


def of_the_run(trainer: Trainer) -> File:
    """Return the kind of file that brings a run back: with its weights, or its config where it has no updates."""
    name = "run.safetensors" if trainer.epoch and trainer.now.finite else "config.json"
    return next(file for file in FILES if file.name == name)


def _of(trainer: Trainer, file: File) -> Callable[[], str | bytes]:
    return lambda: file.made(trainer)


def show_upload() -> None:
    """Where a config.json or run.safetensors is brought back, and what came of it."""
    st.file_uploader(
        _("A config.json or run.safetensors from here"),
        type=["json", "safetensors"],
        key=_UPLOAD,
        on_change=_take,
        max_upload_size=MAX_MB,
    )
    said: Mapping[str, str] = st.session_state.get(_SAID, {})
    if "wrong" in said:
        st.error(_("Nothing was changed."), icon=":material/error:")
        st.text(said["wrong"])
    elif "taken" in said:
        st.success(_("This is the run now."), icon=":material/check:")
        st.text(said["taken"])


def _take() -> None:
    """Puts what was brought in the place of the present run, or says why it cannot be; then nothing is changed."""
    file = st.session_state[_UPLOAD]
    if file is None:
        st.session_state.pop(_SAID, None)
        return
    try:
        if file.name.endswith(".json"):
            config, run = config_from_file(file.getvalue()), None
        else:
            run = from_safetensors(file.getvalue())
            config = run.config
        controls.put(config)
    except ConfigError as error:  # the file holds no run, or changes what the link hides
        st.session_state[_SAID] = {"wrong": str(error)}
    else:
        wishes.later(_resume, run, file.name)


def _resume(run: Trainer | None, name: str) -> None:
    """Put ``run`` in the place of the present training, and keep the words that say so."""
    if run is not None:
        state.take(run.branch)
        state.replace_run(run)
    words = _("{name}: epoch {epoch}").format(name=name, epoch=state.trainer().epoch)
    st.session_state[_SAID] = {"taken": words}
