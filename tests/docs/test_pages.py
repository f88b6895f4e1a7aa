"""The pages belong together: links lead to files, every construct has its page."""

from __future__ import annotations

import inspect
import posixpath
import re
from collections.abc import Callable
from pathlib import Path

import datafi_cdk
import pytest
from constructs import Construct
from datafi_cdk.cli.diagram.compose import compose
from datafi_cdk.cli.diagram.svg import svg
from datafi_cdk.topology import reachability, read_topology

from .pages import PAGES, ROOT, blocks

EXAMPLES = sorted(path.parent.name for path in ROOT.glob("examples/*/app.py"))
# The constructs whose page has another name than they have.
OTHER_PAGES = {"IngressBase": "existing-ingress"}


def broken_links(page: str, markdown: str) -> list[str]:
    """The relative links of a page that lead to no file."""
    links = re.findall(r"\]\(([^)#\s:]+)(?:#[^)\s]*)?\)", markdown)
    folder = posixpath.dirname(page)
    return [
        link
        for link in links
        if not (ROOT / posixpath.normpath(posixpath.join(folder, link))).exists()
    ]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    """As a code host resolves them; the site's build looks at anchors as well."""
    assert broken_links(page, (ROOT / page).read_text()) == []


def test_finds_a_broken_link() -> None:
    """A link is relative to its page."""
    assert broken_links("docs/data.md", "[a](updates.md#x) [b](docs/updates.md)") == [
        "docs/updates.md"
    ]


def test_every_public_name_is_on_one_page_of_the_reference() -> None:
    """So that a new one is not forgotten."""
    text = "\n".join(path.read_text() for path in ROOT.glob("docs/reference/*.md"))
    named = re.findall(r"^::: datafi_cdk\.([A-Z]\w+)$", text, re.MULTILINE)
    assert sorted(named) == sorted(datafi_cdk.__all__)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in datafi_cdk.__all__
        if inspect.isclass(kind := getattr(datafi_cdk, name)) and issubclass(kind, Construct)
    ],
)
def test_every_construct_has_a_page_with_an_app(name: str) -> None:
    """It uses the construct and synthesizes; the table of all constructs leads there."""
    kebab = OTHER_PAGES.get(name, re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower())
    page = (ROOT / "docs" / "constructs" / f"{kebab}.md").read_text()
    apps = [block.text for block in blocks(page) if block.language == "python"]
    assert any("app.synth()" in app for app in apps)
    assert name in OTHER_PAGES or any(f"{name}(" in app for app in apps)
    assert f"({kebab}.md)" in (ROOT / "docs" / "constructs" / "README.md").read_text()


@pytest.mark.parametrize("example", EXAMPLES)
def test_pictures_show_the_examples_as_they_are(
    example: str, synthesized: Callable[[str], Path]
) -> None:
    """Draw them anew with `projen diagrams`."""
    topology = read_topology(synthesized(example))
    drawn = svg(compose(topology, reachability(topology)))
    assert (ROOT / "docs" / "assets" / f"{example}.svg").read_text() == drawn


def test_every_example_is_on_the_page_of_examples() -> None:
    """With its picture and its README."""
    page = (ROOT / "docs" / "examples.md").read_text()
    for example in EXAMPLES:
        assert f"](assets/{example}.svg)" in page
        assert f"](../examples/{example}/README.md)" in page
