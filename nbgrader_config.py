"""nbgrader's settings for this course, read by every nbgrader command run from this directory."""

# ruff: noqa: F821 - nbgrader runs this file with `get_config` defined

import os
import sys
import warnings

from sqlalchemy.exc import SAWarning

from autograder.feedback.exporter import FeedbackExporter
from autograder.feedback.marked_lesson import ReadLesson
from autograder.feedback.marks import GetMarks, HideRubrics, HideTests
from autograder.gradebook.plain import autograde_preprocessors
from autograder.handmarks.formgrader import FILTERS, TEMPLATES

c = get_config()

c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.course_id = "softmax-lab"

# nbgrader starts `alembic` by name when it makes a gradebook: it must be this environment's.
_bin = os.path.dirname(sys.executable)
if _bin not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = _bin + os.pathsep + os.environ.get("PATH", "")

# nbgrader 0.9.6 makes its gradebook objects in an order that SQLAlchemy 2.1 comments on.
warnings.filterwarnings("ignore", message="Object of type <Submitted", category=SAWarning)

# --- The students' copy ------------------------------------------------------------------------

# The stub must not raise: a test then says "not attempted" instead of failing on a NameError.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE: replace every ... in this cell"}

# Rubrics stand in the locked question cells, beside the question; nbgrader expects them in its
# task cells only, which have no cell of their own for the answer.
c.ClearMarkScheme.enforce_metadata = False

# --- Plain `nbgrader autograde` ----------------------------------------------------------------

# Kernels inherit the environment. One thread: the lesson's tensors are tiny, and a machine that
# grades several notebooks at once is not oversubscribed.
os.environ.setdefault("OMP_NUM_THREADS", "1")

c.Execute.timeout = 30  # seconds a cell; the longest, importing torch, takes some on a cold disk
c.Execute.startup_timeout = 120
# ipykernel warns at every start that its (local) connection is not encrypted.
c.Execute.extra_arguments = ["--IPKernelApp.log_level=ERROR"]
# A test that shows no mark earns nothing; nbgrader's own rule gives it all points.
c.Autograde.autograde_preprocessors = autograde_preprocessors()
c.LimitOutput.max_lines = 500  # a print in a loop is not worth a page of 1000 lines

# --- Feedback ----------------------------------------------------------------------------------

# A page of our own: marks first, no script, nothing loaded (autograder/feedback/).
# Autograding puts hidden tests and rubrics back into the notebook, for the graders' eyes. Students
# read the feedback, so both are removed once more.
c.GenerateFeedback.exporter_class = FeedbackExporter
c.GenerateFeedback.preprocessors = [GetMarks, HideTests, HideRubrics, ReadLesson]

# The formgrader has no kernel, so a widget shows nothing there: show its static form instead.
c.DataTypeFilter.display_data_priority = [
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "text/latex",
    "image/png",
    "image/jpeg",
    "text/plain",
]

# Its pages show nothing that could act in a student's name, and need no network.
c.HTMLExporter.filters = FILTERS
c.HTMLExporter.extra_template_basedirs.append(str(TEMPLATES))

# --- Marks -------------------------------------------------------------------------------------

c.ExportApp.plugin_class = "nbgrader.plugins.CsvExportPlugin"
c.CsvExportPlugin.to = "grades.csv"
