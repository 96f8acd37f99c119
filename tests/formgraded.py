"""The formgrader's page of a graded notebook, made as its server makes it, without the server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

#: What a student is called in a gradebook that somebody else has filled.
NAME = "<img src=x onerror='alert(1)'>\"'><script>alert(1)</script>"
_CODE = f"""
import sys

NAME = {NAME!r}
from pathlib import Path
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension

app = FormgradeExtension()
app.load_cwd_config = True
config = app.build_extra_config()
config.merge(app.load_config())
exporter = HTMLExporter(config=config)
for file in map(Path, sys.argv[1:]):
    resources = {{"base_url": "/none", "index": 0, "total": 1, "notebook_id": file.stem}}
    names = ("student", "last_name", "first_name", "notebook_path")
    resources |= dict.fromkeys(names, NAME)
    html, _ = exporter.from_filename(str(file), resources=resources)
    Path(f"{{file}}.html").write_text(html, encoding="utf-8")
"""


def formgrader_pages(course: Path, notebooks: Iterable[Path]) -> list[Path]:
    """Write the page of each notebook beside it, and return the pages; its title is the name."""
    notebooks = list(notebooks)
    for notebook in notebooks:
        notebook.parent.chmod(0o755)
    subprocess.run(
        [sys.executable, "-c", _CODE, *notebooks],
        cwd=course,
        env={**os.environ, "JUPYTER_CONFIG_DIR": str(course / "none")},
        check=True,
    )
    return [Path(f"{notebook}.html") for notebook in notebooks]
