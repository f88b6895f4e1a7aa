"""The runbook: its entries, its links and its commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

RUNBOOK = Path(__file__).parents[2] / "docs/runbook.md"
TEXT = RUNBOOK.read_text(encoding="utf-8")

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ALARMS, _WITHOUT = "## Alarms\n", "## Without an alarm\n"


def anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub and Python-Markdown make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def anchors(text: str = TEXT) -> list[str]:
    """The anchors of all headings in some text, which is not in a block of code."""
    plain = _FENCED.sub("", text)
    return [anchor(found) for found in re.findall(r"^#+ (.+)$", plain, re.MULTILINE)]


def alarm_entries() -> list[str]:
    """The anchors of the entries of alarms."""
    return anchors(TEXT.partition(_ALARMS)[2].partition(_WITHOUT)[0])


def links() -> list[str]:
    """Where the text leads, but for the internet."""
    plain = _FENCED.sub("", TEXT)
    found = re.findall(r"\]\(([^)\s]+)\)", plain)
    return [link for link in found if not link.startswith("https://")]


def blocks() -> list[str]:
    """The blocks of commands."""
    return [text for language, text in _FENCED.findall(TEXT) if language == "sh"]


def commands(program: str) -> list[tuple[str, ...]]:
    """The words of every call of a program, each once, without what it is piped to."""
    found = []
    for block in blocks():
        joined = block.replace("\\\n", " ").replace("|\n", "| ")
        for call in re.findall(rf"(?:^|[|(]|xargs)\s*({program} [^\n]+)", joined, re.MULTILINE):
            words = shlex.split(call.partition("  #")[0], comments=False)
            end = next((at for at, word in enumerate(words) if word in ("|", "}")), len(words))
            found.append([word.rstrip(")") for word in words[:end]])
    in_text = re.findall(rf"`({program} [^`\n]+)`", _FENCED.sub("", TEXT))
    return sorted({tuple(words) for words in (*found, *map(shlex.split, in_text))})


def made() -> set[tuple[str, str]]:
    """The types and logical ids that the commands look for in the stack of a server `es`."""
    found = re.findall(r'made (AWS::\w+::\w+) "?([\w${}]+)', "\n".join(blocks()))
    return {(kind, prefix.replace("${server}", "es")) for kind, prefix in found}


def filter_patterns() -> set[str]:
    """The patterns by which the commands look for lines of JSON in a log."""
    return set(re.findall(r"--filter-pattern '(\{.+?\})'", TEXT))
