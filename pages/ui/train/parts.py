"""One update under the microscope on *Train*: its four parts as buttons, on a copy, and the tensors they change."""

from __future__ import annotations

import streamlit as st

from pages.ui import state, view, wishes
from pages.ui.head import chosen_epoch
from pages.ui.i18n import _
from pages.ui.train import past
from rnn_core import RunConfig, Trainer, shape_ledger
from rnn_core.config import Cell
from rnn_core.figures.gradients import matrix_figure
from rnn_core.figures.theme import Theme
from rnn_core.update import Part, UpdateCycle

_CYCLE = "update_cycle"
SHOWN = 12
"""How many rows and columns of a parameter are shown."""

SHARE = 0.4

CODE = {
    Part.LOSS: "loss = cross_entropy(logits, target)",
    Part.BACKWARD: "loss.backward()",
    Part.UPDATE: "optimizer.step()",
}


def show_parts(trainer: Trainer, theme: Theme) -> None:
    """The buttons, what each part gave, and one parameter before and after."""
    cycle = _cycle(trainer)
    st.markdown(
        _(
            "*Step* makes four things at once. Here they are one by one, on a copy of the network at epoch {epoch}: "
            "the training above knows nothing of it."
        ).format(epoch=trainer.epoch)
    )
    carry, zero_grad = _choose()
    with st.container(horizontal=True, vertical_alignment="center", key="update_parts"):
        for number, (part, words) in enumerate(_labels().items(), start=1):
            st.button(
                f"{number} {words}",
                key=f"part_{part}",
                on_click=wishes.later,
                args=(_act, part),
                type="primary" if part is cycle.next else "secondary",
                disabled=part is not cycle.next,
            )
        st.button(_("Start again"), key="part_again", on_click=lambda: st.session_state.pop(_CYCLE, None))
    st.code(_code(cycle, trainer.config, carry=carry, zero_grad=zero_grad), language="python")
    if cycle.problem:
        _show_problem(cycle.problem)
    with st.container(key="update_said"):
        for line in _said(cycle):
            st.markdown(line)
    _show_tensors(cycle, trainer.config, theme)


def _act(part: Part) -> None:
    """Carry out one part on the copy of what is shown, if it is the part that comes next."""
    trainer = state.trainer()
    cycle = _cycle(past.as_of(trainer, chosen_epoch(trainer)))
    if part is not cycle.next:
        return
    match part:
        case Part.FORWARD:
            cycle.forward(carry=st.session_state["carry"])
        case Part.LOSS:
            cycle.loss()
        case Part.BACKWARD:
            cycle.backward(zero_grad=st.session_state["zero_grad"])
        case Part.UPDATE:
            cycle.update()


def _cycle(trainer: Trainer) -> UpdateCycle:
    """The cycle on the present network; another one once training has gone on."""
    wanted = state.network_key(trainer, trainer.epoch)
    held_for, held = st.session_state.get(_CYCLE, (None, None))
    if held_for != wanted:
        held = UpdateCycle(trainer=trainer.copied())
        st.session_state[_CYCLE] = wanted, held
    cycle: UpdateCycle = held
    return cycle


def _labels() -> dict[Part, str]:
    return {
        Part.FORWARD: _("Forward"),
        Part.LOSS: _("Loss"),
        Part.BACKWARD: _("Backward"),
        Part.UPDATE: _("Update"),
    }


def _choose() -> tuple[bool, bool]:
    """Whether the hidden state is carried over, and whether gradients are set to zero."""
    with st.container(horizontal=True, key="update_slips"):
        zero_grad = st.toggle(
            "optimizer.zero_grad()",
            value=True,
            key="zero_grad",
            help=_("Left out, the gradient of each backward pass is added to what is in `.grad` already."),
        )
        carry = st.toggle(
            _("carry h_n over, without detach()"),
            key="carry",
            help=_("The next forward pass begins with the h_n of this one, together with the graph that made it."),
        )
    return carry, zero_grad


def _code(cycle: UpdateCycle, config: RunConfig, *, carry: bool, zero_grad: bool) -> str:
    """The lines of PyTorch, with a mark at the one that comes next."""
    lines = []
    for part in Part:
        forward = _forward_code(lstm=config.cell is Cell.LSTM, carry=carry)
        code = forward if part is Part.FORWARD else CODE[part]
        if part is Part.BACKWARD and zero_grad:
            code = f"optimizer.zero_grad(); {code}"
        if part is Part.UPDATE and config.clip_norm is not None:
            code = f"clip_grad_norm_(model.parameters(), {config.clip_norm:g}); {code}"
        lines.append(code + ("  # ← " + _("next") if part is cycle.next else ""))
    return "\n".join(lines)


def _forward_code(*, lstm: bool, carry: bool) -> str:
    """The forward pass; of an LSTM only h is carried over, and c begins at 0 as ever."""
    if lstm:
        return f"logits, (h_n, c_n) = model(x{', (h_n, zeros_like(h_n))' if carry else ''})"
    return f"logits, h_n = model(x{', h_n' if carry else ''})"


def _show_problem(problem: str) -> None:
    st.error(problem.split(". ")[0] + ".", icon=":material/error:")
    st.markdown(
        _(
            "That is PyTorch's own error. The h_n that was carried over still hangs on the graph of the forward pass "
            "before, and `backward()` has freed that graph. `h_n = h_n.detach()` keeps the numbers and lets the graph "
            "go: the gradient then ends at the seam, which is truncated backpropagation through time."
        )
    )


def _said(cycle: UpdateCycle) -> list[str]:
    """What the parts gave so far, a line each."""
    lines = []
    if cycle.logits_BTV is not None:
        shape = ", ".join(map(str, cycle.logits_BTV.shape))
        lines.append(_("**Forward**: logits ({shape}).").format(shape=shape))
    if cycle.loss_nats is not None:
        lines.append(_("**Loss**: {loss:.6f} nats, the mean over all real steps.").format(loss=cycle.loss_nats))
    if cycle.gradient_norm is not None:
        lines.append(
            _("**Backward**: every parameter has a gradient; the norm of all together is {norm:.6f}.").format(
                norm=cycle.gradient_norm
            )
        )
    if cycle.norm_taken is not None:
        words = _("**Update**: the optimizer took a gradient of norm {norm:.6f}")
        words += _(", clipped.") if cycle.norm_taken != cycle.gradient_norm else "."
        lines.append(
            words.format(norm=cycle.norm_taken) + " " + _("Updates made here: {done}.").format(done=cycle.done)
        )
    return lines


def _show_tensors(cycle: UpdateCycle, config: RunConfig, theme: Theme) -> None:
    """One parameter before and now, its gradient, and what it has moved by."""
    names = [line.name for line in shape_ledger(config) if line.name.startswith(("weight_", "bias_", "head."))]
    name = st.selectbox(_("parameter"), names, index=names.index("weight_hh_l0"), key="update_parameter")
    weight = cycle.weight(name)
    flat = weight.reshape(len(weight), -1)
    rows, columns = view.windows(
        view.Part(key="update_rows", words=_("rows shown"), size=len(flat), width=SHOWN, center=0),
        view.Part(key="update_columns", words=_("columns shown"), size=flat.shape[1], width=SHOWN, center=0),
    )
    tensors = {
        "update_before": (_("{name} before").format(name=name), cycle.before(name)),
        "update_gradient": (f"{name}.grad", cycle.gradient(name)),
        "update_change": (_("Δ, what the update adds"), cycle.change(name)),
        "update_after": (_("{name} now").format(name=name), weight),
    }
    shown = {}
    for key, (title, values) in tensors.items():
        figure = matrix_figure(title, values.reshape(len(values), -1), theme, rows=rows, columns=columns)
        shown[key] = view.Chart(figure=figure, alt=title)
    view.charts("update_tensors", shown, columns=columns, share=SHARE)
