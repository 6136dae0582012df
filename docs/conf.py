"""How Sphinx builds the site: `make docs`. Pages are Markdown, and read as well without it."""

from __future__ import annotations

project = "Crossdock"
copyright = "the Crossdock authors"  # noqa: A001 - Sphinx's own name
extensions = ["myst_parser"]
html_theme = "alabaster"
html_theme_options = {"description": "distributed order management", "page_width": "1100px"}
html_show_sphinx = False
html_show_copyright = False
myst_heading_anchors = 3
