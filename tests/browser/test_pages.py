"""Every page on desk and phone: nothing blocked, nothing for axe to find, nothing wider than the screen."""

from __future__ import annotations

import pytest

from tests.browser.conftest import DESKTOP, PHONE, Visitor

pytestmark = pytest.mark.browser

PAGES = {
    "dashboard": "/accounts/{account}/",
    "orders": "/accounts/{account}/orders/",
    "fills": "/accounts/{account}/orders/?show=fills",
    "settings": "/accounts/{account}/settings/",
    "backtests": "/backtests/",
    "jobs": "/jobs/",
    "tokens": "/tokens/",
    "notifications": "/notifications/",
    "password": "/sign-in/password/change/",
    "second factor": "/sign-in/2fa/",
    "sessions": "/sign-in/sessions/",
    "sign out": "/sign-in/logout/",
}
PAGE_WEIGHT = 400_000
FIRST_PAINT_MS = 1_000


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "dark"), (PHONE, "light")], ids=["desk", "phone"])
def test_a_page_is_sound(visit: Visitor, name: str, viewport: dict[str, int], scheme: str) -> None:
    tab = visit(viewport, scheme)
    page = tab.open(PAGES[name].format(account=tab.account()))
    page.wait_for_load_state("networkidle")
    assert tab.axe() == []
    assert tab.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_the_dashboard_is_light_and_quick(visit: Visitor) -> None:
    """The bytes over the wire, and the first paint of a first visit."""
    page = visit().dashboard()
    page.wait_for_load_state("networkidle")
    weight = page.evaluate(
        """[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
           .filter(entry => !entry.name.includes('/api/')).reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""
    )
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert 0 < weight < PAGE_WEIGHT
    assert paint < FIRST_PAINT_MS


def test_the_theme_is_kept(visit: Visitor) -> None:
    tab = visit(scheme="dark")
    page = tab.dashboard()
    page.get_by_role("button", name="Switch between light and dark").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_the_keyboard_reaches_the_content_first(visit: Visitor) -> None:
    page = visit().dashboard()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_a_token_is_shown_once(visit: Visitor) -> None:
    tab = visit()
    page = tab.open("/tokens/")
    page.get_by_label("Name").fill("a test's token")
    page.get_by_role("button", name="Make token").click()
    text = page.locator("#secret code").inner_text()
    assert len(text) > 20
    page.reload()
    page.get_by_role("button", name="Revoke a test's token").first.wait_for()
    assert text not in page.content()
    page.get_by_role("button", name="Revoke a test's token").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    page.get_by_text("a test's token is revoked.").wait_for()


def test_a_backtest_from_form_to_figures(visit: Visitor) -> None:
    tab = visit()
    page = tab.open("/backtests/")
    page.get_by_label("Capital").fill("nonsense")
    page.get_by_role("button", name="Run backtest").click()
    page.get_by_text("Capital must be a number").wait_for()
    page.get_by_label("Capital").fill("100000")
    page.get_by_role("button", name="Run backtest").click()
    page.get_by_text("Final value").wait_for(timeout=60_000)
    assert page.locator("#equity-chart canvas").count() > 0
    assert tab.axe() == []
    assert tab.complaints == []


def test_settings_say_what_is_wrong(visit: Visitor) -> None:
    tab = visit()
    page = tab.open(f"/accounts/{tab.account()}/settings/")
    limit = page.get_by_label("Daily loss at most")
    limit.fill("much")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Daily loss at most must be a number").wait_for()
    limit.fill("99")
    page.get_by_role("button", name="Save").click()
    page.locator(".error:visible").first.wait_for()
    page.get_by_role("button", name="Discard").click()
    assert page.get_by_role("button", name="Save").is_hidden()
