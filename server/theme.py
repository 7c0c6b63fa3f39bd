"""The theme, read from the config once instead of in every run of the script.

The first message of each run contains it. Streamlit 1.67 looks up every option of its six sections for that, which was
15 % of the interpreter's time for one update of the live view.
"""

from __future__ import annotations

from functools import wraps

from streamlit import config
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session


def read_theme_once() -> None:
    """Replace the function of Streamlit that writes a section of the theme into a message by one that keeps it."""
    plain = getattr(app_session._populate_theme_msg, "__wrapped__", app_session._populate_theme_msg)
    kept: dict[str, CustomThemeConfig] = {}

    @wraps(plain)
    def write_theme(message: CustomThemeConfig, section: str = "theme") -> None:
        if section not in kept:
            plain(whole := CustomThemeConfig(), section)
            kept[section] = whole
        if kept[section].ByteSize():  # a merge sets the field of the section, also without anything in it
            message.MergeFrom(kept[section])

    app_session._populate_theme_msg = write_theme  # type: ignore[assignment]
    config.on_config_parsed(kept.clear, force_connect=True)
