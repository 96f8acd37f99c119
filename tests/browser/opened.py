"""A real Jupyter server and a notebook in a browser's page, as a student has them before them."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page

#: Milliseconds for what a kernel does: the first cell imports torch.
PATIENCE = 60_000

#: The page's address, by application; both come from one server.
APPLICATIONS = {"JupyterLab": "lab/tree", "Notebook": "notebooks"}

_SETTINGS = {
    # Cells that are out of sight stay in the page.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@dataclass(frozen=True)
class Server:
    """A server on 127.0.0.1, and the folder it serves."""

    address: str
    token: str
    folder: Path


@contextmanager
def serve(folder: Path, home: Path) -> Iterator[Server]:
    """Serve a folder; settings and whatever else Jupyter writes go to `home`, not to the user's."""
    for name, values in _SETTINGS.items():
        _write(home / "lab/user-settings/@jupyterlab" / f"{name}.jupyterlab-settings", values)
    for name, application in (("lab", "LabApp"), ("notebook", "JupyterNotebookApp")):
        values = {application: {"expose_app_in_browser": True}}
        _write(home / f"jupyter_{name}_config.json", values)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(f"http://127.0.0.1:{port}", secrets.token_hex(16), folder)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={server.token}"),
    ]
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    with open(home / "server.log", "w") as log:
        # The formgrader reads its course's settings where the server was started.
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"{server.address}/api?token={server.token}", process, home / "server.log")
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def _write(file: Path, values: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(values))


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server that is starting listens."""
    for _ in range(240):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url):
                return
        except urllib.error.URLError:
            time.sleep(0.25)
    raise TimeoutError(url)


class Notebook:
    """An open notebook.

    Args:
        page: the browser's page.
        server: the server it comes from.
        application: one of `APPLICATIONS`.
        name: the notebook's file name.

    """

    def __init__(self, page: Page, server: Server, application: str, name: str) -> None:
        self.page, self.file = page, server.folder / name
        page.goto(f"{server.address}/{APPLICATIONS[application]}/{name}?token={server.token}")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=PATIENCE)
        page.evaluate(
            """async () => {
                const app = window.jupyterapp;
                await app.restored;
                const panel = app.shell.currentWidget;
                await panel.context.ready;
                await panel.sessionContext.ready;
                for (const cell of panel.content.widgets)
                    cell.node.dataset.cell = cell.model.sharedModel.getId();
            }"""
        )

    def cell(self, name: str) -> Locator:
        """Return the cell with an id."""
        return self.page.locator(f'[data-cell="{name}"]')

    def outputs(self, name: str) -> Locator:
        """Return a cell's outputs."""
        return self.cell(name).locator(".jp-OutputArea-output")

    def run_all(self) -> None:
        """Choose Run All; it goes on in the background."""
        self._command("notebook:run-all-cells", wait=False)

    def write(self, name: str, code: str) -> None:
        """Replace what is in a cell by typing over it."""
        self.cell(name).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(code)

    def run(self, name: str) -> None:
        """Run one cell, and wait until it has run."""
        self.page.evaluate(
            """name => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = notebook.widgets.findIndex(
                    cell => cell.node.dataset.cell === name);
            }""",
            name,
        )
        self._command("notebook:run-cell")

    def save(self) -> None:
        """Save the file."""
        self._command("docmanager:save")

    def theme(self, name: str) -> None:
        """Choose Light or Dark."""
        self._command("apputils:change-theme", {"theme": f"JupyterLab {name}"})
        light = "true" if name == "Light" else "false"
        self.page.locator(f'body[data-jp-theme-light="{light}"]').wait_for(state="attached")

    def _command(self, name: str, arguments: object = None, wait: bool = True) -> None:
        self.page.evaluate(
            """([name, arguments, wait]) => {
                const done = window.jupyterapp.commands.execute(name, arguments ?? {});
                return wait ? done.then(() => null) : null;
            }""",
            [name, arguments, wait],
        )
