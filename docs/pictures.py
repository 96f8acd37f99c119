"""Take the README's pictures in a real browser: the slider widget and a feedback page.

Run by `make pictures`, which has made demo/ before.
"""

import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs"
FEEDBACK = ROOT / "demo" / "feedback" / "carol" / "softmax" / "softmax.html"
PORT = 8917


@contextmanager
def jupyterlab(folder: Path):
    """Serve a folder on 127.0.0.1 and give the address of its notebook."""
    token = secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *(f"--ServerApp.port={PORT}", f"--ServerApp.root_dir={folder}"),
        *(f"--IdentityProvider.token={token}", "--LabApp.expose_app_in_browser=True"),
        "--LabApp.news_url=",
        f"--LabApp.workspaces_dir={folder / '.workspaces'}",
        f"--LabApp.user_settings_dir={folder / '.settings'}",
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api?token={token}").close()
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{PORT}/lab/tree/softmax.ipynb?token={token}"
    finally:
        server.terminate()
        server.wait()


def picture_of_widget(browser: Browser) -> None:
    """Open the students' copy, run its first cells, move a slider, take the picture."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "release" / "softmax" / "softmax.ipynb", folder)
        with jupyterlab(Path(folder)) as address:
            page = browser.new_page(
                viewport={"width": 1100, "height": 900}, device_scale_factor=1.5
            )
            page.goto(address)
            page.evaluate(
                """async () => {
                    const app = window.jupyterapp;
                    await app.restored;
                    while (!app.shell.currentWidget?.sessionContext)
                        await new Promise(done => setTimeout(done, 100));
                    await app.shell.currentWidget.sessionContext.ready;
                    app.commands.execute('notebook:run-all-cells');
                }"""
            )
            first = page.locator(".jp-OutputArea-output:has(.widget-slider)").first
            first.wait_for(timeout=120_000)
            box = first.locator("input[type=number]").nth(1)
            box.fill("1.5")
            box.press("Enter")
            first.locator("svg[aria-label*='output 1 is 0.59']").wait_for()
            first.scroll_into_view_if_needed()
            first.screenshot(path=PICTURES / "widget.png")
            page.close()


def picture_of_feedback(browser: Browser) -> None:
    """Take the part of a feedback page that says what is wrong with softmax."""
    page = browser.new_page(viewport={"width": 860, "height": 700}, device_scale_factor=1.5)
    page.goto(FEEDBACK.as_uri())
    exercise = page.locator("#exercise-softmax")
    exercise.get_by_text("Think about it").click()
    exercise.screenshot(path=PICTURES / "feedback.png")
    page.close()


def main() -> None:
    """Take both pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        picture_of_widget(browser)
        picture_of_feedback(browser)
        browser.close()
    print(f"Written: {PICTURES / 'widget.png'}, {PICTURES / 'feedback.png'}")


if __name__ == "__main__":
    main()
