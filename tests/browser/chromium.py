# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens HTML files in the Chromium of this machine, headless, and reports what is wrong with them.

Pages are opened as files and may load nothing but files, so that whatever passes here works without a network.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

AXE = pathlib.Path(__file__).with_name("node_modules") / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PHONE, DESK = 390, 1280
HEIGHT = 900
# WCAG 2.1 at level AA, and that headings go down one level at a time and begin with one of level 1.
AXE_OPTIONS = {
    "preload": False,  # it would fetch style sheets, which a browser does not do where pages are files
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "rules": {name: {"enabled": True} for name in ("heading-order", "page-has-heading-one", "empty-heading")},
}
# Elements that reach out of the window and do not scroll inside of another one.
TOO_WIDE = """() => {
  const wide = [];
  for (const element of document.querySelectorAll('body *')) {
    const box = element.getBoundingClientRect();
    if (box.right <= innerWidth + 1 || !box.width || !element.checkVisibility({visibilityProperty: true})) continue;
    let up = element;
    while (up && !['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(up).overflowX)) up = up.parentElement;
    if (!up) wide.push(element.outerHTML.slice(0, 200));
  }
  return wide.slice(0, 5);
}"""
# Elements that cut their own text off: nobody can scroll to it.
CUT = """() => [...document.querySelectorAll('body *')].filter(element => {
  const style = getComputedStyle(element), box = element.getBoundingClientRect();
  return ['hidden', 'clip'].includes(style.overflowX) && box.width > 2 && box.height > 2 && element.textContent.trim()
    && element.checkVisibility({visibilityProperty: true}) && element.scrollWidth > element.clientWidth + 1
    && box.right > 0 && box.left < innerWidth;
}).map(element => element.outerHTML.slice(0, 200)).slice(0, 5)"""


@contextlib.contextmanager
def started() -> Iterator[Browser]:
    """A Chromium that ends with the block; fails where the machine has none. CHROMIUM names its program."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    assert program, f"no Chromium on this machine (tried {', '.join(NAMES)}); install it, or set CHROMIUM to its path"
    with sync_playwright() as driver:
        # Its own sandbox needs rights that root in a container does not have; it opens nothing but our own files.
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened(
    browser: Browser, path: pathlib.Path, width: int = DESK, query: str = ""
) -> Iterator[tuple[Page, list[str]]]:
    """A page, and the list of what went wrong in it: errors on its console, of its scripts, and of what it loads.

    Args:
        path: an HTML file.
        width: of the window, in CSS pixels.
        query: what follows the ``?`` of its address.
    """
    context = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme="light")
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(f"console: {message.text}") if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("requestfailed", lambda request: wrong.append(f"not loaded: {request.url}"))
    page.on("request", lambda request: wrong.append(f"network: {request.url}") if is_elsewhere(request.url) else None)
    page.goto(path.resolve().as_uri() + (f"?{query}" if query else ""))
    page.wait_for_load_state("load")
    yield page, wrong
    context.close()


def is_elsewhere(url: str) -> bool:
    """Whether an address is not on this machine."""
    return not url.startswith(("file:", "data:", "blob:", "about:"))


def layout_faults(page: Page) -> list[str]:
    """What does not fit into the window: the page itself, elements that reach out of it, and text that is cut off."""
    faults = [f"reaches out of the window: {html}" for html in page.evaluate(TOO_WIDE)]
    faults += [f"cuts its text off: {html}" for html in page.evaluate(CUT)]
    across = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    return faults + ([f"the page scrolls sideways by {across} pixels"] if across > 0 else [])


def accessibility_faults(page: Page, scheme: str = "light") -> list[str]:
    """What axe-core finds in a colour scheme, light or dark; of the dark one the contrast alone."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    options: dict[str, Any] = AXE_OPTIONS if scheme == "light" else {"preload": False, "runOnly": ["color-contrast"]}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for violation in found["violations"]
        for node in violation["nodes"][:3]
    ]
