"""What a link says beside its config: epoch and branch, what is compared, and which controls an instructor hides.

``query_string`` writes a link, and ``shortened`` gives the form of one that is too long for a server.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from rnn_core.config import MAX_EPOCHS, RULES, RunConfig, parse_value
from rnn_core.grid import GRID_KEYS, Grid, parse_grid
from rnn_core.rules import Rule, Several, Whole
from rnn_core.training import Branch

HIDEABLE = (*RULES, "preset", "share")
"""What of the sidebar a link can hide: each field of the config, the presets, and the link itself."""

LINK_RULES: Mapping[str, Rule] = {
    "epoch": Whole(0, MAX_EPOCHS),
    "shown": Whole(0, MAX_EPOCHS),
    "branch": Whole(0, MAX_EPOCHS),
    "branch_learning_rate": RULES["learning_rate"],
    "branch_clip_norm": RULES["clip_norm"],
    "hide": Several(HIDEABLE),
}
"""The rule of each key but those of a grid."""

LINK_KEYS = (*LINK_RULES, *GRID_KEYS)

MAX_QUERY_BYTES = 8_000
"""Of a link's query: nginx and others refuse a request line above 8,192 bytes with status 414."""

TEXT_KEPT = "text_kept"
"""The key of a short link: the digest under which the browser keeps the text (pages/ui/address.js)."""

_CUT_OFF = re.compile(r"~|[._-](?![0-9A-Za-z])")
"""What ``quote`` leaves as it is, and a chat program or a forum cuts off at the end of a link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link says of a run, and of the page.

    Attributes:
        epoch: how many updates the network has had. shown: the epoch as of which it is looked at, or None for that one.
        branch: from where on the updates were made otherwise, or None.
        hide: which controls are not shown. grid: what is compared.
    """

    epoch: int = 0
    shown: int | None = None
    branch: Branch | None = None
    hide: tuple[str, ...] = ()
    grid: Grid = field(default_factory=Grid)

    def to_query(self) -> dict[str, str]:
        """The parts that differ from the default, as strings; ``parse_link`` gives the link back."""
        query = {"epoch": str(self.epoch)} if self.epoch else {}
        if self.shown is not None:
            query["shown"] = str(self.shown)
        if self.branch is not None:
            query |= {"branch": str(self.branch.epoch), "branch_learning_rate": str(self.branch.learning_rate)}
            if self.branch.clip_norm is not None:
                query["branch_clip_norm"] = str(self.branch.clip_norm)
        return query | ({"hide": ",".join(self.hide)} if self.hide else {}) | self.grid.to_query()


def query_string(query: Mapping[str, str]) -> str:
    """Return ``query`` as it stands in a link, all of it ASCII.

    It ends in a letter, a digit or "=", so that no chat program cuts a character off; ``parse_qsl`` gives the query
    back. pages/ui/address.js does the same to what Streamlit writes.

    >>> query_string({"text": "by the sea.", "learning_rate": "0.03"})
    'text=by%20the%20sea%2E&learning_rate=0.03'
    """
    return "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in query.items())


def _quoted(part: str) -> str:
    return _CUT_OFF.sub(lambda found: f"%{ord(found[0]):02X}", quote(part, safe=""))


def shortened(query: Mapping[str, str]) -> dict[str, str]:
    """Return ``query``, or where it is above MAX_QUERY_BYTES, the same with a digest in the place of the text."""
    if "text" not in query or len(query_string(query)) <= MAX_QUERY_BYTES:
        return dict(query)
    digest = hashlib.sha256(query["text"].encode()).hexdigest()[:16]
    return {TEXT_KEPT: digest} | {key: value for key, value in query.items() if key != "text"}


def parse_link(query: Mapping[str, object], config: RunConfig) -> tuple[Link, dict[str, str]]:
    """What a query says of the run of ``config``, and what of it cannot be: a sentence by key.

    Where a part of a branch cannot be, there is none. A branch without a learning rate has the config's.

    Args:
        query: strings by key, or lists of them where a key is repeated; keys of no link are passed over.
    """
    found: dict[str, object] = {}
    wrong: dict[str, str] = {}
    for key, rule in LINK_RULES.items():
        if key in query:
            try:
                found[key] = parse_value(key, rule, query[key])
            except ValueError as error:
                wrong[key] = str(error)
    epoch, shown, start = int(str(found.get("epoch", 0))), found.get("shown"), found.get("branch")
    of_branch = [key for key in LINK_RULES if key.startswith("branch")]
    for key in of_branch[1:]:
        if key in found and start is None and "branch" not in wrong:
            wrong[key] = f"{key} must come with branch, the epoch at which it begins"
    for key, value in (("shown", shown), ("branch", start)):
        if isinstance(value, int) and value > epoch:
            wrong[key] = f"{key} must be 0…{epoch}, the epoch of the link, got {value}"
    branch = None
    if isinstance(start, int) and not wrong.keys() & set(of_branch):
        branch = Branch(
            epoch=start,
            learning_rate=found.get("branch_learning_rate", config.learning_rate),  # type: ignore[arg-type]
            clip_norm=found.get("branch_clip_norm"),  # type: ignore[arg-type]
        )
    grid, wrong_of_grid = parse_grid(query, config)
    return Link(
        epoch=epoch,
        shown=shown if isinstance(shown, int) and "shown" not in wrong else None,
        branch=branch,
        hide=found.get("hide", ()),  # type: ignore[arg-type]
        grid=grid,
    ), wrong | wrong_of_grid
