"""What is on a screen becomes lines of Python that compute it again elsewhere.

parts          a config → the parts of a script, each a few lines of plain PyTorch
reading        a config → what a script must know of its lines
training_loop  a config → the loop that trains
source         how lines of Python are written
check          the numbers of a screen that a script is compared with
script         parts and check → a script, a notebook, or the code of one page
sweep_script   configs and seeds → a script that trains them all
"""

from rnn_core.export.check import Check, measure_check
from rnn_core.export.parts import Part
from rnn_core.export.script import code_for, to_notebook, to_script
from rnn_core.export.sweep_script import config_call, to_sweep

__all__ = ["Check", "Part", "code_for", "config_call", "measure_check", "to_notebook", "to_script", "to_sweep"]
