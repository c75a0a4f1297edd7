# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation site in dist/docs: every page on a phone and on a desk, in the light and in the dark."""

from __future__ import annotations

import functools
import html.parser
import pathlib
from urllib.parse import unquote, urlsplit

import pytest
from chromium import DESK, PHONE, accessibility_faults, layout_faults, opened
from playwright.sync_api import Browser

SITE = pathlib.Path(__file__).resolve().parents[2] / "dist" / "docs" / "html"
SCREENSHOTS = SITE.parent / "screenshots"
PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html"))
SHOWN = ("index.html", "docs/fleet-upgrade.html", "reference/liteserver_job_module.html")


class Ids(html.parser.HTMLParser):
    """Collects what an address may end in."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids |= {value for name, value in attrs if value and (name == "id" or (tag, name) == ("a", "name"))}


@functools.cache
def ids_of(path: pathlib.Path) -> set[str]:
    """The anchors of a page."""
    parser = Ids()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser.ids


def dead_links(addresses: list[str]) -> list[str]:
    """Of the links of a page, as the browser resolved them, those to files or anchors that are not in the site."""
    dead = []
    for address in addresses:
        parts = urlsplit(address)
        if parts.scheme != "file":
            continue
        path = pathlib.Path(unquote(parts.path))
        inside = path.is_file() and SITE in path.parents
        if not inside or (parts.fragment and path.suffix == ".html" and unquote(parts.fragment) not in ids_of(path)):
            dead.append(address)
    return dead


def test_the_site_is_built() -> None:
    assert {*SHOWN, "search.html", "docs/getting-started.html"} <= set(PAGES), "run make docs"


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", PAGES)
def test_page(browser: Browser, name: str, width: int) -> None:
    with opened(browser, SITE / name, width) as (page, wrong):
        faults = layout_faults(page)
        if width == DESK:
            faults += dead_links(page.eval_on_selector_all("a[href]", "all => all.map(link => link.href)"))
        faults += accessibility_faults(page) + accessibility_faults(page, "dark")
        found = [*wrong, *faults]
        assert not found, "\n".join(found)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_the_search_works_without_a_network(browser: Browser, width: int) -> None:
    with opened(browser, SITE / "search.html", width, "q=supernode") as (page, wrong):
        page.wait_for_selector("#search-results li a")
        found = page.eval_on_selector_all("#search-results li a", "all => all.map(link => link.href)")
        assert any("docs/supernodes.html" in address for address in found)
        assert dead_links(found) == []
        assert [*layout_faults(page), *wrong] == []


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", SHOWN)
def test_screenshot(browser: Browser, name: str, width: int) -> None:
    """Pictures for whoever looks at the built site; kept beside it."""
    SCREENSHOTS.mkdir(exist_ok=True)
    picture = SCREENSHOTS / f"{pathlib.Path(name).stem}-{width}.png"
    with opened(browser, SITE / name, width) as (page, _wrong):
        page.screenshot(path=picture)
    assert picture.stat().st_size > 10_000


def test_a_broken_page_is_noticed(browser: Browser, tmp_path: pathlib.Path) -> None:
    """What the tests above look for is found where it is."""
    broken = tmp_path / "broken.html"
    broken.write_text(
        "<html lang=en><title>x</title><h1>x</h1><h4>too deep</h4><p style='color:#eee;background:#fff'>pale</p>"
        "<div style='width:3000px'>wide</div>"
        "<div style='overflow:hidden;width:50px;white-space:nowrap'>text that is cut off</div>"
        "<a href='gone.html'>dead</a><script>console.error('oops'); missing()</script>"
        "<img alt=x src='https://example.com/x.png'>"
    )
    with opened(browser, broken, PHONE) as (page, wrong):
        text = "\n".join([*wrong, *layout_faults(page), *accessibility_faults(page)])
        addresses = page.eval_on_selector_all("a[href]", "all => all.map(link => link.href)")
    for expected in ("oops", "missing", "network: https", "sideways", "reaches out", "cuts its text", "heading-order"):
        assert expected in text, text
    assert "color-contrast" in text
    assert dead_links(addresses) == addresses != []
