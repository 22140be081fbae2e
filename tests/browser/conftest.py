"""A real Chromium on the real site: `manage.py serve` in a process of its own, on the embedded profile.

Set up once for the session. `site` is shared by the tests that can live with each other; `fresh` is one nobody has
touched. Skipped, with the reason, where Chromium or the front-end libraries are missing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.sites import ROOT, Prepared, Site, prepare

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LIBRARIES = ("lightweight-charts/dist", "axe-core/axe.min.js")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep them on one worker, which then needs one site and one Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


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

    def dashboard(self, path: str = "/") -> Page:
        """Open the person's dashboard and wait until it is live."""
        self.open(path)
        self.page.get_by_text("live", exact=True).wait_for()
        return self.page

    def account(self) -> str:
        """The number of the person's account."""
        return str(self.page.request.get(f"{self.site.base_url}/api/accounts").json()["results"][0]["id"])

    def fetch(self, path: str, body: Any = None) -> Any:
        """Ask the interface from within the page, as the person signed in; with a body it is a POST."""
        return self.page.evaluate(
            """async ([path, body]) => {
                 const token = document.cookie.split('; ').find(pair => pair.startsWith('csrftoken='))?.slice(10);
                 const headers = {'Content-Type': 'application/json', 'X-CSRFToken': token};
                 const options = body === null ? {} : {method: 'POST', headers, body: JSON.stringify(body)};
                 return (await fetch(path, options)).json();
               }""",
            [path, body],
        )

    def axe(self) -> list[str]:
        """What axe finds on the page shown."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate(
            "axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(', ')))"
        )
        return list(found)


@pytest.fixture(scope="session")
def executable() -> str:
    """Where Chromium is; also whether the libraries of the pages are there."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no Chromium here (none of {', '.join(BROWSERS)})")
    for library in LIBRARIES:
        if not (ROOT / "node_modules" / library).exists():
            pytest.skip(f"node_modules/{library} is missing: npm ci")
    return found


@pytest.fixture(scope="session")
def prepared(executable: str, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A site as it is after its first set-up."""
    return prepare(tmp_path_factory.mktemp("site") / "prepared")


@pytest.fixture(scope="session")
def site(prepared: Prepared) -> Iterator[Site]:
    """The site that most tests share, in whatever order they come."""
    with prepared.served(prepared.folder.parent / "shared") as running:
        yield running


@pytest.fixture
def fresh(prepared: Prepared) -> Iterator[Site]:
    """A site of the test's own, where nothing was started yet."""
    folder = prepared.folder.parent / "fresh"
    with prepared.served(folder) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def chromium(executable: str) -> Iterator[Browser]:
    """One browser for a file of tests; while it lives its event loop keeps Django's ORM from other files' tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


def sign_in(chromium: Browser, site: Site, username: str) -> dict[str, Any]:
    """Sign in through the form; return the cookies."""
    context = chromium.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto(site.base_url + "/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(site.people[username])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Skip to the content").wait_for(state="attached")
    page.wait_for_url(lambda address: "/sign-in/" not in address)
    state = context.storage_state()
    context.close()
    return dict(state)


Visitor = Callable[..., Visit]


class Tabs:
    """Tabs on one site: each person signs in once."""

    def __init__(self, chromium: Browser, site: Site, signed_in: dict[str, dict[str, Any]]) -> None:
        self.chromium, self.site, self.signed_in = chromium, site, signed_in
        self.contexts: list[BrowserContext] = []

    def __call__(self, viewport: dict[str, int] = DESKTOP, scheme: str = "dark", person: str = "trader") -> Visit:
        """Open one: on a desk by night unless told otherwise."""
        if person not in self.signed_in:
            self.signed_in[person] = sign_in(self.chromium, self.site, person)
        context = self.chromium.new_context(
            viewport=viewport, color_scheme=scheme, storage_state=self.signed_in[person]
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Visit(page, self.site, complaints)

    def close(self) -> None:
        """Leave nothing open."""
        for context in self.contexts:
            context.close()


@pytest.fixture(scope="session")
def signed_in() -> dict[str, dict[str, Any]]:
    """The cookies of whoever signed in on the shared site."""
    return {}


@pytest.fixture
def visit(chromium: Browser, site: Site, signed_in: dict[str, dict[str, Any]]) -> Iterator[Visitor]:
    """Open tabs: `visit()` on a desk, `visit(PHONE)` on a phone, `scheme="light"` by day, `person="risk"`."""
    tabs = Tabs(chromium, site, signed_in)
    yield tabs
    tabs.close()


@pytest.fixture
def first_visit(chromium: Browser, fresh: Site) -> Iterator[Visitor]:
    """Open tabs on a site that nobody has used."""
    tabs = Tabs(chromium, fresh, {})
    yield tabs
    tabs.close()
