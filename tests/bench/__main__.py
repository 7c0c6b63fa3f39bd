"""``make bench``: every figure in one table; the exit code says whether all targets were met."""

from __future__ import annotations

import sys

from tests.bench import epoch
from tests.bench.table import print_table

figures = list(epoch.figures())
print_table(figures)
sys.exit(any(not figure.met for figure in figures))
