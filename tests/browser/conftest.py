"""A real Chromium on a running site.

The fixture `site` gives the address of a running site and who may sign in. Here it is read from the environment
(`TEST_SITE_URL`, `TEST_SITE_USER`, `TEST_SITE_PASSWORD`); without it these tests are skipped.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = "/usr/bin/chromium"
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Site:
    """A running site, and a person who owns an account with strategies ready to start."""

    base_url: str
    username: str
    password: str = field(repr=False)


@dataclass
class Visit:
    """One tab of a signed-in person, and what its console complained of."""

    page: Page
    site: Site
    complaints: list[str]

    def open(self, path: str) -> Page:
        """Open a page of the site."""
        self.page.goto(self.site.base_url + path)
        return self.page

    def dashboard(self) -> Page:
        """Open the person's dashboard and wait until it is live."""
        self.open("/")
        self.page.get_by_text("live", exact=True).wait_for()
        return self.page

    def account(self) -> str:
        """The number of the person's account."""
        self.open("/")
        return self.page.locator("[data-account]").get_attribute("data-account") or ""

    def axe(self) -> list[str]:
        """What axe finds on the page shown."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate(
            "axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(', ')))"
        )
        return list(found)


@pytest.fixture(scope="session")
def site() -> Site:
    """The site named by the environment."""
    address = os.environ.get("TEST_SITE_URL", "")
    if not address:
        pytest.skip("no running site: set TEST_SITE_URL, TEST_SITE_USER and TEST_SITE_PASSWORD")
    return Site(address.rstrip("/"), os.environ["TEST_SITE_USER"], os.environ["TEST_SITE_PASSWORD"])


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a file of tests."""
    if not shutil.which(CHROMIUM):
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, site: Site) -> dict[str, object]:
    """The cookies of one sign-in through the form, for every tab of the file."""
    context = chromium.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto(site.base_url + "/")
    page.get_by_label("Username").fill(site.username)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Dashboard").first.wait_for()
    state = context.storage_state()
    context.close()
    return dict(state)


Visitor = Callable[..., Visit]


@pytest.fixture
def visit(chromium: Browser, signed_in: dict[str, object], site: Site) -> Iterator[Visitor]:
    """Open tabs: `visit()` on a desk, `visit(PHONE)` on a phone, `scheme="light"` by day."""
    contexts: list[BrowserContext] = []

    def make(viewport: dict[str, int] = DESKTOP, scheme: str = "dark") -> Visit:
        context = chromium.new_context(viewport=viewport, color_scheme=scheme, storage_state=signed_in)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Visit(page, site, complaints)

    yield make
    for context in contexts:
        context.close()
