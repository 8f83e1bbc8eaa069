"""What the site takes from outside docs/: MkDocs calls these functions while it builds.

The pages of OUTSIDE stand where GitHub shows them, and are added to the site as it is built. In all
pages, links between files of the repository become links between pages of the site; of a link to a
file that is no page, only its text stays.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
OUTSIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "config/README.md")
OUTSIDE += ("benchmarks/README.md", "resources/ddsm/README.md")
LINK = re.compile(r"(?<!!)\[([^\]\[]+)\]\(([^)\s#]+)(#[^)\s]*)?\)")
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s#]+)\)")
MERMAID = re.compile(r"```mermaid\n.*?```\n", re.S)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside docs/."""
    for path in OUTSIDE:
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return a page's text with its links as the site needs them, and drawings for Mermaid's."""
    own = page.file.src_uri
    # Mermaid's graphs would be drawn by a program from another host
    markdown = MERMAID.sub("[![All rules](rules.svg)](rules.svg)\n", markdown)

    def linked(match: re.Match) -> str:
        text, path, anchor = match[1], match[2], match[3] or ""
        target = in_site(own, path)
        if target is None:
            return match[0]
        return f"[{text}]({target}{anchor})" if files.get_file_from_path(found(target)) else text

    def found(target: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(own), target))

    def shown(match: re.Match) -> str:
        return f"![{match[1]}]({in_site(own, match[2]) or match[2]})"

    return LINK.sub(linked, IMAGE.sub(shown, markdown))


def in_site(page: str, link: str) -> str | None:
    """Return a page's link to a file of the repository as the site has it; None for other links."""
    source = page if page in OUTSIDE else f"docs/{page}"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
    if "://" in link or not (ROOT / path).exists():
        return None
    return posixpath.relpath(path.removeprefix("docs/"), posixpath.dirname(page) or ".")
