"""The built site in a browser: every page, every link, every copy button, search, colours.

Run by `.ci/site`, which builds the site first.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browse import Walk, chromium, served
from playwright.sync_api import Browser, expect

SITE = Path(__file__).parents[1] / "dist" / "site"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with chromium() as running:
        yield running


@pytest.fixture
def walk(browser: Browser) -> Iterator[Walk]:
    """A walk through the site that was built."""
    with served(SITE) as address:
        yield Walk(browser, address, SITE)


def test_every_page_is_whole(walk: Walk) -> None:
    """No error, no broken link or picture, nothing from elsewhere, nothing too wide."""
    walk.visit_every_page()
    assert walk.faults == []


def test_search_leads_to_a_page(walk: Walk) -> None:
    """A word is typed, a result is opened, and the page is the one that it named."""
    walk.visit("")
    box = walk.page.get_by_role("textbox", name="Search")
    box.click()
    box.press_sequentially("PullThroughCache")
    result = walk.page.locator("a.md-search-result__link").first
    expect(result).to_contain_text("PullThroughCache", timeout=60_000)
    result.click()
    walk.page.wait_for_url("**/constructs/pull-through-cache/**")
    expect(walk.page.locator("h1")).to_contain_text("PullThroughCache")
    assert walk.faults == []


def test_colours_can_be_chosen(walk: Walk) -> None:
    """The choice stays on the next page."""
    walk.visit("")
    scheme = walk.page.locator("body")
    expect(scheme).to_have_attribute("data-md-color-scheme", "default")
    walk.page.locator("label[title='Dark colours']").click()
    expect(scheme).to_have_attribute("data-md-color-scheme", "slate")
    walk.visit("quickstart/")
    expect(scheme).to_have_attribute("data-md-color-scheme", "slate")
    assert walk.faults == []


def test_a_reader_copies_a_block_by_mouse(walk: Walk) -> None:
    """The button is where it can be pressed."""
    walk.visit("quickstart/")
    block = walk.page.locator(".highlight").first
    block.locator("button[data-md-type=copy]").click()
    copied = walk.page.evaluate("() => navigator.clipboard.readText()")
    assert copied.strip() == block.locator("code").inner_text().strip()
    assert walk.faults == []


PLANTED = """<!doctype html><html lang="en"><head><title>x</title><link rel="icon" href="data:,">
</head><body><div class="md-content"><h1 id="top">A page</h1>{}</div></body></html>"""


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ("<a href='#top'>well</a><a href='https://example.com/'>away</a>", None),
        ("<a href='missing/'>x</a>", "/: broken link /missing/"),
        ("<a href='#missing'>x</a>", "/: broken anchor /#missing"),
        ("<a href='http://example.com/'>x</a>", "/: link to http://example.com/"),
        ("<script>console.error('planted')</script>", "/: console error: planted"),
        ("<script>throw new Error('planted')</script>", "/: page error: planted"),
        ("<script>fetch('data.json')</script>", "/: 404 of"),
        ("<script src='https://cdn.invalid/x.js'></script>", "/: request leaves the site: https"),
        ("<img src='missing.svg'>", "/: picture is not shown"),
        ("<div style='width: 900px'>x</div>", "/: at 360 pixels it is"),
        ("<h1>Another</h1>", "/: it has 2 main headings"),
        ("<p>Text\n- no list</p>", "/: Markdown is shown as text"),
        ("<div class='highlight'><code>text</code></div>", "/: the copy button gives ''"),
    ],
)
def test_finds_what_is_wrong(html: str, told: str | None, browser: Browser, tmp_path: Path) -> None:
    """Each fault, planted in a small site, is told; a page without any is not."""
    (tmp_path / "index.html").write_text(PLANTED.format(html))
    with served(tmp_path) as address:
        walk = Walk(browser, address, tmp_path)
        walk.visit_every_page()
    if told is None:
        assert walk.faults == []
    else:
        assert any(fault.startswith(told) for fault in walk.faults), walk.faults
