"""A config becomes a script, a notebook, or the code of one page: the same sections, written three ways."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from rnn_core.config import RunConfig
from rnn_core.export.check import Check, check_lines, measure_check
from rnn_core.export.parts import Part, Section, sections
from rnn_core.runs import checked
from rnn_core.training import Branch, Trainer

SHOWN_EPOCHS = 100
"""How many updates the code of a page makes that says no other number."""

_ABOUT = "One experiment of RNN Explorer in plain PyTorch: it needs Python and torch, and nothing else."


def to_script(config: RunConfig, *, epochs: int, branch: Branch | None = None, check: Check | None = None) -> str:
    """A Python script that needs torch alone: it trains ``config`` and ends in a comparison with the screen.

    Args:
        epochs: how many updates it makes, 0…20,000; the last line it prints is that of the weights after them.
        branch: from where on they are made otherwise, or None.
        check: the numbers to compare with; None makes the training here, to measure them.
    Raises: ConfigError for ``epochs`` against its rule.
    """
    about = f'"""{_ABOUT}\n\n{_purpose()}\n"""\n\n'
    return about + _joined(_all_sections(config, epochs, branch, check))


def to_notebook(config: RunConfig, *, epochs: int, branch: Branch | None = None, check: Check | None = None) -> str:
    """The script of ``to_script`` as a Jupyter notebook, one cell for each of its sections: JSON, nbformat 4.

    Args, Raises: as ``to_script``.
    """
    from nbformat import v4, writes  # takes longer than all else here, and only a notebook needs it

    cells = [v4.new_markdown_cell(f"# RNN Explorer\n\n{_ABOUT}\n\n{_purpose()}", id="about")]
    for number, section in enumerate(_all_sections(config, epochs, branch, check)):
        if section.title:
            cells.append(v4.new_markdown_cell(f"## {number}. {section.title}", id=f"about-{section.name}"))
        cells.append(v4.new_code_cell("\n".join(section.lines), id=section.name))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    return str(writes(notebook))


def code_for(config: RunConfig, part: Part, *, epochs: int = SHOWN_EPOCHS, branch: Branch | None = None) -> str:
    """The lines of ``to_script`` up to the end of ``part``: what a page of ``config`` shows, computed in the open.

    Args:
        epochs: how many updates Part.TRAIN makes. branch: from where on they are made otherwise, or None.
    """
    before = tuple(Part).index(part) + 1
    return _joined(sections(config, epochs=epochs, branch=branch)[: 1 + before])


def _all_sections(config: RunConfig, epochs: int, branch: Branch | None, check: Check | None) -> tuple[Section, ...]:
    epochs = checked("epochs", epochs)
    if check is None:
        trainer = Trainer(config, branch)
        trainer.run(epochs)
        check = measure_check(trainer)
    ending = Section(name="check", title="Check: the numbers of the screen", lines=tuple(check_lines(check)))
    return (*sections(config, epochs=epochs, branch=branch), ending)


def _joined(chosen: Iterable[Section]) -> str:
    headed = (
        (f"# {number}. {section.title}", *section.lines) if section.title else section.lines
        for number, section in enumerate(chosen)
    )
    return "\n\n".join("\n".join(lines) for lines in headed) + "\n"


def _purpose() -> str:
    return (
        "It prints what the screen shows at every epoch, and ends in a comparison with those numbers,\n"
        f"as torch {torch.__version__} gave them."
    )
