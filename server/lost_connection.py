"""The words of the notice that a page shows when its connection to the server is lost."""

from __future__ import annotations

import html
import json
from functools import cache
from pathlib import Path

from pages.ui.i18n import translated

_SCRIPT = Path(__file__).parents[1] / "pages" / "ui" / "lost_connection.js"


@cache
def lost_connection_script(language: str) -> str:
    """Return the script element that shows the notice in ``language``, "en" or the name of a catalogue."""

    def _(message: str) -> str:
        return translated(message, language)

    words = {
        "title": _("The connection to the server is lost"),
        "text": _(
            "Training has stopped. The address of this page holds your run: its text, its network and its epoch. "
            "This page tries to connect again by itself, and then shows the same run. "
            "What the address does not hold, such as edited weights, is lost if the server was restarted."
        ),
        "reload": _("Reload"),
        "close": _("Close"),
    }
    return f'<script data-words="{html.escape(json.dumps(words))}">{_SCRIPT.read_text(encoding="utf-8")}</script>'
