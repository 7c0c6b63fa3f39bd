"""``make bench``: a line as each measure is done, then all of them in one table; the exit code says whether all targets
were met."""

from __future__ import annotations

import logging
import sys

from tests.bench import crowd, epoch, film, flow, frame, memory, picture, seeds
from tests.bench.table import print_table, said

PARTS = {
    "epoch": epoch.figures,
    "frame": frame.figures,
    "seeds": seeds.figures,
    "memory": memory.figures,
    "flow": flow.figures,
    "film": film.figures,
    "picture": picture.figures,
    "crowd": crowd.figures,
}

# A page's code is run here without a page, of which Streamlit complains at every call.
logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)

figures = []
for name in sys.argv[1:] or list(PARTS):
    for figure in PARTS[name]():
        print(said(figure), flush=True)
        figures.append(figure)
print()
print_table(figures)
sys.exit(any(not figure.met for figure in figures))
