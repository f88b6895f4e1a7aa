"""Walks through a built site in Chromium, as a reader does, and tells what is wrong with it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}

# What a page tells of itself.
_FACTS = """() => ({
  ids: [...document.querySelectorAll('[id], a[name]')].map(e => e.id || e.name),
  links: [...document.querySelectorAll('a[href]')].map(e => e.href),
  headings: document.querySelectorAll('h1').length,
  pictures: [...document.images].filter(e => !(e.complete && e.naturalWidth)).map(e => e.src),
  unread: [...document.querySelectorAll('.md-content p')]
    .map(e => e.textContent)
    .filter(text => /(^|\\n)(- |\\d+\\. |\\||```|:::)/.test(text)),
})"""
_OVERFLOW = "() => document.documentElement.scrollWidth - window.innerWidth"
# Presses the copy button, which comes with its block into sight, and reads the clipboard.
_COPY = """async block => {
  const find = () => block.querySelector('button[data-md-type=copy]');
  block.scrollIntoView({behavior: 'instant', block: 'center'});
  for (let turn = 0; turn < 250 && !find(); turn++) await new Promise(go => setTimeout(go, 10));
  await navigator.clipboard.writeText('');
  find()?.click();
  const copied = await navigator.clipboard.readText();
  return [block.querySelector('code').innerText.trim(), copied.trim()];
}"""


class _Handler(SimpleHTTPRequestHandler):
    """Serves files and is quiet."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the requests to itself."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder on loopback.

    Args:
        site: The folder.

    Yields:
        Its address, without a slash at its end.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise FileNotFoundError("there is no chromium; install it: apt-get install chromium")
    with sync_playwright() as playwright:
        # Root, as in a container, has no sandbox.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Walk:
    """One walk through a site.

    Args:
        browser: The browser.
        address: Where the site is served.
        site: The folder that is served.
    """

    def __init__(self, browser: Browser, address: str, site: Path) -> None:
        self.faults: list[str] = []
        self._address = address
        self._site = site
        context = browser.new_context(
            viewport=WIDE, permissions=["clipboard-read", "clipboard-write"]
        )
        self.page: Page = context.new_page()
        self._place = ""
        self._ids: dict[str, set[str]] = {}
        self._links: dict[str, list[str]] = {}
        self._listen()

    def visit_every_page(self) -> None:
        """Open each page, wide and narrow, press its copy buttons, and follow all links."""
        for path in sorted(self._site.rglob("*.html")):
            self.visit(path.relative_to(self._site).as_posix().removesuffix("index.html"))
        for place, links in self._links.items():
            for link in sorted(set(links)):
                self._follow(place, link)

    def visit(self, place: str) -> None:
        """Open one page and look at it.

        Args:
            place: Its path in the site.
        """
        self._place = place
        self.page.goto(f"{self._address}/{place}", wait_until="load")
        facts = self.page.evaluate(_FACTS)
        self._ids[f"/{place}"] = set(facts["ids"])
        self._links[f"/{place}"] = facts["links"]
        if facts["headings"] != 1:
            self._tell(f"it has {facts['headings']} main headings")
        for picture in facts["pictures"]:
            self._tell(f"picture is not shown: {picture}")
        for text in facts["unread"]:
            self._tell(f"Markdown is shown as text: {text!r}")
        self._copy_every_block()
        self.page.set_viewport_size(NARROW)
        overflow = self.page.evaluate(_OVERFLOW)
        if overflow > 0:
            self._tell(f"at {NARROW['width']} pixels it is {overflow} too wide")
        self.page.set_viewport_size(WIDE)

    def _copy_every_block(self) -> None:
        for block in self.page.locator(".highlight").element_handles():
            text, copied = block.evaluate(_COPY)
            if copied != text:
                self._tell(f"the copy button gives {copied!r}, not {text!r}")

    def _follow(self, place: str, link: str) -> None:
        """Look whether a link leads to a page and an anchor that are there."""
        address, anchor = urldefrag(link)
        if not address.startswith(f"{self._address}/"):
            if urlsplit(link).scheme not in ("https", "mailto"):
                self.faults.append(f"{place}: link to {link}")
            return
        path = unquote(urlsplit(address).path)
        if path not in self._ids:
            if not (self._site / path.lstrip("/")).is_file():
                self.faults.append(f"{place}: broken link {path}")
        elif anchor and unquote(anchor) not in self._ids[path]:
            self.faults.append(f"{place}: broken anchor {path}#{anchor}")

    def _listen(self) -> None:
        """Take note of all errors, and of every request that leaves the machine."""

        def console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self._tell(f"console {message.type}: {message.text}")

        def request(asked: Request) -> None:
            if urlsplit(asked.url).scheme not in ("data", "blob") and not asked.url.startswith(
                f"{self._address}/"
            ):
                self._tell(f"request leaves the site: {asked.url}")

        def failed(asked: Request) -> None:
            # What is still under way when the next page is opened is aborted, and no fault.
            if asked.failure != "net::ERR_ABORTED":
                self._tell(f"request failed: {asked.url}: {asked.failure}")

        def response(answer: Response) -> None:
            if answer.status >= 400:
                self._tell(f"{answer.status} of {answer.url}")

        self.page.on("console", console)
        self.page.on("pageerror", lambda error: self._tell(f"page error: {error}"))
        self.page.on("request", request)
        self.page.on("requestfailed", failed)
        self.page.on("response", response)

    def _tell(self, fault: str) -> None:
        self.faults.append(f"/{self._place}: {fault}")
