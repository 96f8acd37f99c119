"""What the notebook shows besides its own code: checks, sliders, pictures and tables.

The build puts the text of these files into the notebook, which has to work without this package:
they import the standard library, torch, ipywidgets, matplotlib, IPython and each other. There they
are the package `lab`, whose modules have names of their own: whatever a student calls `max` or
`torch`, they go on working.
"""

from .checks import check, what_next
from .explorer import explore
from .figures import show_limit, show_steps
from .tables import compare_predictions, compare_verdicts

__all__ = [
    "check",
    "compare_predictions",
    "compare_verdicts",
    "explore",
    "show_limit",
    "show_steps",
    "what_next",
]
