"""The pages of the documentation and the blocks of code in them."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in sorted(
        [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md")]
    )
]

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,}) *(?P<language>[^`\n]*)$")
_MARK = re.compile(r"^ *<!-- (?P<text>.+) -->$")
_NAME = re.compile(r"# (?P<name>[\w./-]+\.\w+)\n")


@dataclass(frozen=True)
class Block:
    """One block of code."""

    language: str
    text: str
    line: int
    """The line of the page on which the text begins."""
    mark: str = ""
    """What a comment on the line before says of it: `<!-- draft -->`."""

    @property
    def file(self) -> str | None:
        """The file that it shows, if its first line says so: `# app.py`."""
        named = _NAME.match(self.text)
        return named["name"] if named else None


def blocks(markdown: str) -> list[Block]:
    """The fenced blocks of a page, those in lists as well.

    Args:
        markdown: The page.
    """
    found = []
    lines = markdown.splitlines()
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        number += 1
        if not opening:
            continue
        start = number
        mark = _MARK.match(lines[start - 2]) if start > 1 else None
        while number < len(lines) and lines[number].strip() != opening["fence"]:
            number += 1
        text = textwrap.dedent("\n".join(lines[start:number]) + "\n")
        found.append(
            Block(opening["language"].strip(), text, start + 1, mark["text"] if mark else "")
        )
        number += 1
    return found
