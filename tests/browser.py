"""A reader at a browser: an installed Chromium, without a window, whose every request is noted."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LOCAL = ("file:", "data:", "blob:", "about:")


@contextmanager
def open_page(path: Path) -> Iterator:
    """Yield Playwright's page of an HTML file.

    Fails at the end if the page asked for anything outside this machine, or had any error.
    """
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("no Chromium is installed: no page is opened")
    reason = "Playwright is not installed: no page is opened"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses a sandbox to root
    faults = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=root)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("request", lambda request: request.url.startswith(LOCAL) or faults.append(request))
        page.on("requestfailed", lambda request: faults.append(request))
        page.on("pageerror", lambda error: faults.append(error))
        page.on("console", lambda message: message.type != "error" or faults.append(message.text))
        page.goto(path.as_uri())
        yield page
        browser.close()
    assert not faults
