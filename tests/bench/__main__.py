"""``make bench``: every figure in one table; the exit code says whether all targets were met."""

from __future__ import annotations

import sys

from tests.bench import crowd, epoch, film, frame
from tests.bench.table import print_table

PARTS = {"epoch": epoch.figures, "frame": frame.figures, "film": film.figures, "crowd": crowd.figures}

wanted = sys.argv[1:] or list(PARTS)
figures = [figure for name in wanted for figure in PARTS[name]()]
print_table(figures)
sys.exit(any(not figure.met for figure in figures))
