# Copyright (c) 2026, modelarts.liteserver contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of Sphinx; docs/site/build.py starts it ("make docs")."""

from __future__ import annotations

import html

import merm
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

project = "modelarts.liteserver"
copyright = "modelarts.liteserver contributors"
extensions = ["myst_parser", "sphinx_antsibull_ext"]
# GitHub reads the same pages: an ordinary link, an ordinary block, and nothing that only Sphinx knows.
myst_heading_anchors = 6
myst_fence_as_directive = ["mermaid"]
root_doc = "index"
html_theme = "sphinx_ansible_theme"
html_theme_options = {"vcs_pageview_mode": "", "topbar_links": {}}
html_show_sourcelink = False
html_copy_source = False
highlight_language = "YAML+Jinja"
pygments_style = "ansible"
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
        picture = merm.render_diagram(text)
        described = f'<figure role="img" aria-label="{html.escape(text)}">{picture}</figure>'
        return [nodes.raw("", described, format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """What Sphinx calls."""
    app.add_directive("mermaid", Mermaid)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
