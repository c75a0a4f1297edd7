# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx; docs/site/build.py starts it ("make docs")."""

from __future__ import annotations

import html
import pathlib
from typing import Any

import merm
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
GALAXY = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text(encoding="utf-8"))
RUNTIME = yaml.safe_load((REPOSITORY / "meta" / "runtime.yml").read_text(encoding="utf-8"))

project = "modelarts.liteserver"
copyright = "modelarts.liteserver contributors"
release = GALAXY["version"]
extensions = ["myst_parser", "sphinx_antsibull_ext", "sphinx_design"]
# GitHub reads the same pages: an ordinary link, an ordinary block, and nothing that only Sphinx knows.
myst_heading_anchors = 6
myst_fence_as_directive = ["mermaid"]
root_doc = "index"
templates_path = ["templates"]
html_theme = "furo"
html_title = f"modelarts.liteserver {release}"
html_css_files = ["site.css"]
html_static_path = ["static"]
html_context = {"requires_ansible": RUNTIME["requires_ansible"].removeprefix(">=")}
html_show_sourcelink = False
html_copy_source = False
# A summary would be read from the page of each result, which a browser does not do where pages are files.
html_show_search_summary = False
antsibull_ext_color_scheme = "default-autodark"
highlight_language = "YAML+Jinja"
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
nitpicky = True
# Modules of ansible-core are elsewhere: the pages of Ansible are not asked, so that the build needs no network.
nitpick_ignore_regex = [
    (r"std:ref", r"ansible_collections\.ansible\.builtin\..*"),
    (r"std:ref", r"common_return_values|ansible_configuration_settings|action_plugins"),
    (r"std:envvar", r"ANSIBLE_.*"),
]


class Mermaid(SphinxDirective):
    """A picture from its Mermaid text; GitHub draws the same text by itself."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Draw it, with the text for those who cannot see it."""
        text = "\n".join(self.content)
        # The drawing package takes the quotes of a label for a part of it.
        picture = merm.render_diagram(text.replace('|"', "|").replace('"|', "|"))
        described = (
            f'<figure class="diagram" role="img" tabindex="0" aria-label="{html.escape(text)}">{picture}</figure>'
        )
        return [nodes.raw("", described, format="html")]


def make_accessible(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """What Sphinx and Furo leave out: keys can scroll what scrolls, and captions are no headings without a level.

    The cells of a table get the heads of their columns, so that site.css can show its rows as cards on a phone.
    """
    context["furo_navigation_tree"] = context["furo_navigation_tree"].replace(' role="heading"', "")
    body = BeautifulSoup(context.get("body", ""), "html.parser")
    for scrolls in body.select("pre, div.table-wrapper"):
        scrolls["tabindex"] = "0"
    # An attribute of sphinx_antsibull_ext that does not exist.
    for link in body.select("a[aria-role]"):
        del link["aria-role"]
    for table in body.select("div.table-wrapper > table"):
        heads = [head.get_text(" ", strip=True) for head in table.select("thead th")]
        for row in table.select("tbody > tr"):
            for head, cell in zip(heads, row.find_all("td", recursive=False), strict=False):
                cell["data-head"] = head
    context["body"] = str(body)


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx calls."""
    app.add_directive("mermaid", Mermaid)
    # After Furo has made the tree.
    app.connect("html-page-context", make_accessible, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
