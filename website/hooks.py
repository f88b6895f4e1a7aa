"""What mkdocs.yml cannot say: whole folders in the navigation, links out of `docs/`, lists.

Pages link to other files of the repository (examples, sources, the changelog) as they do on a code
host, by relative paths. Here each file that is linked so becomes a page of the site, under
`repository/`, so that no link needs a network or an address.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

# mkdocs loads this file by its path, so that its folder is none that Python knows.
sys.path.insert(0, str(Path(__file__).parent))
from configuration import tables

_CONFIGURATION = "<!-- configuration -->"
_REPOSITORY = "repository"
_LINK = re.compile(r"(?<=\]\()(?P<path>[^)#\s:]+)(?P<anchor>#[^)\s]*)?(?=\))")
_ITEM = re.compile(r"(?:-|[0-9]\.) ")
_LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Replace `folder/` in the navigation by the pages of the folder; without any, by nothing."""
    docs = Path(config.docs_dir)
    expanded = []
    for entry in config.nav or []:
        ((title, content),) = entry.items()
        if isinstance(content, str) and content.endswith("/"):
            pages = sorted((docs / content).glob("*.md"), key=_first_is_index)
            content = [f"{content}{page.name}" for page in pages]
        if content:
            expanded.append({title: content})
    config.nav = expanded
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each file of the repository to which a page leads, over others too."""
    root = _root(config)
    waiting = [
        (config.docs_dir / Path(file.src_uri), file.content_string)
        for file in files.documentation_pages()
    ]
    while waiting:
        path, text = waiting.pop()
        for target in _targets(path, text):
            uri = _uri(target, config)
            if uri is None or files.get_file_from_path(uri):
                continue
            content = _content(target, root)
            files.append(File.generated(config, uri, content=content))
            if target.suffix == ".md":
                waiting.append((target, content))
    return files


def on_page_markdown(markdown: str, page: Any, config: MkDocsConfig, files: Files) -> str:
    """Lead links that go out of `docs/`, or come from out of it, to the pages of the site."""
    uri = page.file.src_uri
    if _CONFIGURATION in markdown:
        keys = tables(_root(config) / "src" / "datafi_cdk" / "datafi.schema.json")
        markdown = markdown.replace(_CONFIGURATION, keys)
    if uri.startswith(f"{_REPOSITORY}/"):
        place = _root(config) / uri.removeprefix(f"{_REPOSITORY}/")
    else:
        place = Path(config.docs_dir) / uri

    def lead(link: re.Match[str]) -> str:
        target = _target(place, link["path"])
        target_uri = _uri(target, config)
        if target_uri is None or not files.get_file_from_path(target_uri):
            return link[0]
        relative = posixpath.relpath(target_uri, posixpath.dirname(uri) or ".")
        return relative + (link["anchor"] or "")

    return _indented(_LINK.sub(lead, markdown))


def _indented(markdown: str) -> str:
    """Indent what belongs to an item of a list by four, which is the least that is taken here.

    A code host takes two after `- ` and three after `1. `, as the pages have it, and an item that
    follows a paragraph of the one before without an empty line.
    """
    lines = [""]
    width = 0
    is_loose = is_code = False
    for line in markdown.splitlines():
        item = None if is_code else _ITEM.match(line)
        is_code ^= line.lstrip().startswith("```")
        if item:
            if lines[-1] and (is_loose or not width):
                lines.append("")
            width = len(item[0])
        elif not line:
            is_loose = width > 0
        elif len(line) - len(line.lstrip(" ")) < width:
            width, is_loose = 0, False
        lines.append(" " * (4 - width) + line if width and line and not item else line)
    return "\n".join(lines[1:]) + "\n"


def _first_is_index(page: Path) -> tuple[bool, str]:
    return page.name not in ("README.md", "index.md"), page.name


def _root(config: MkDocsConfig) -> Path:
    return Path(config.config_file_path).parent


def _targets(page: Path, markdown: str) -> Iterator[Path]:
    for link in _LINK.finditer(markdown):
        yield _target(page, link["path"])


def _target(page: Path, path: str) -> Path:
    """The file to which a link leads; a folder stands for its README.md."""
    target = Path(posixpath.normpath(page.parent / path))
    readme = target / "README.md"
    return readme if readme.is_file() else target


def _uri(target: Path, config: MkDocsConfig) -> str | None:
    """The source path of the page of the site for a file, or `None` if it has none."""
    root, docs = _root(config), Path(config.docs_dir)
    if target.is_relative_to(docs):
        return target.relative_to(docs).as_posix()
    if not target.is_relative_to(root) or not target.exists():
        return None
    path = f"{_REPOSITORY}/{target.relative_to(root).as_posix()}"
    return path if target.suffix == ".md" else f"{path}.md"


def _content(target: Path, root: Path) -> str:
    """The page for a file: a document is its own, a source is shown, a folder is listed."""
    if target.suffix == ".md":
        return target.read_text(encoding="utf-8")
    title = f"---\nsearch: {{exclude: true}}\n---\n# `{target.relative_to(root).as_posix()}`\n\n"
    if target.is_dir():
        return title + "".join(f"- `{each.name}`\n" for each in sorted(target.iterdir()))
    language = _LANGUAGES.get(target.suffix, "text")
    return f"{title}``````{language}\n{target.read_text(encoding='utf-8')}``````\n"
