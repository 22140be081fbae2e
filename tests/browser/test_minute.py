"""The first minute of a new site, as a person sees it: Start, and what follows without a reload."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Visitor

pytestmark = pytest.mark.browser

FIRST_FILL_MS = 5_000
FIRST_DENIAL_MS = 14_000
MINUTE_FILLS = 15
MINUTE_MS = 60_000


def test_the_first_minute(first_visit: Visitor) -> None:
    """Seen red with the dispatcher's loop left out of `serve` (no fill), and with events ignored by the stream."""
    tab = first_visit()
    page = tab.dashboard()
    expect(page.locator("#control-state")).to_have_text("Stopped")
    expect(page.locator("#feed-state")).to_have_text("waiting for Start")
    expect(page.locator("#feed-note")).to_contain_text("chosen for its activity, not for its profit")
    page.evaluate("window.neverReloaded = true")
    page.locator("#start").click()
    begun = time.monotonic()
    page.locator("#fills tbody tr").first.wait_for(state="attached", timeout=FIRST_FILL_MS)
    expect(page.locator("#control-state")).to_have_text("Running")
    page.locator("#decisions", has_text="would have passed").wait_for(timeout=FIRST_DENIAL_MS)
    page.get_by_role("button", name="Table").click()
    points = page.locator("#equity-table tbody tr")
    before = points.count()
    page.locator("[data-speed='20']").click()
    expect(page.locator("[data-speed='20']")).to_have_attribute("aria-pressed", "true")
    points.nth(before + 40).wait_for(state="attached", timeout=20_000)
    values = page.locator("#equity-table tbody td.right").all_inner_texts()
    assert len(set(values)) > 10
    page.locator("#fills tbody tr").nth(MINUTE_FILLS - 1).wait_for(state="attached", timeout=20_000)
    assert (time.monotonic() - begun) * 1_000 < MINUTE_MS
    assert page.evaluate("window.neverReloaded") is True
    page.get_by_role("button", name="Chart").click()
    assert tab.axe() == []
    assert tab.complaints == []


def test_a_new_account_from_its_first_strategy_to_its_first_order(first_visit: Visitor) -> None:
    """On a phone: open an account, find it empty, add a strategy, start it, change and cancel an order by hand."""
    tab = first_visit(PHONE, "light")
    page = tab.dashboard()
    page.locator("summary", has_text="Paper").click()
    page.get_by_role("button", name="New paper account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Second")
    dialog.get_by_label("Capital").fill("many")
    dialog.get_by_role("button", name="Open account").click()
    expect(dialog).to_contain_text("Capital must be a number")
    assert tab.axe() == []
    dialog.get_by_label("Capital").fill("50000")
    dialog.get_by_role("button", name="Open account").click()
    page.get_by_text("live", exact=True).wait_for()
    expect(page.locator("[data-tile=total_value]")).to_have_text("$50,000.00")
    expect(page.locator("#start")).to_be_hidden()
    page.locator("#add-strategy").click()
    page.get_by_label("Strategy", exact=True).select_option(label="Buy and hold")
    page.get_by_role("button", name="Add strategy").click()
    page.get_by_text("is added, and stopped").wait_for()
    page.locator("#deployment-list", has_text="Buy and hold").wait_for()
    page.get_by_role("link", name="Dashboard").last.click()
    page.locator("#start").click()
    expect(page.locator("#control-state")).to_have_text("Running")
    page.locator("#positions tbody tr").first.wait_for(timeout=15_000)
    answer = tab.fetch(
        "/api/orders", ORDER | {"account": int(page.locator("[data-account]").get_attribute("data-account"))}
    )
    assert answer["success"], answer["message"]
    by_hand = page.get_by_role("button", name="Cancel order BUY IBM")
    row = page.locator("#orders tbody tr").filter(has=by_hand).first
    row.get_by_role("button", name="Change order BUY IBM").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Quantity").fill("2")
    dialog.get_by_role("button", name="Change order").click()
    page.get_by_text("Order changed").wait_for()
    changed = page.locator("#orders tbody tr").filter(has=by_hand)
    expect(changed.locator("td").nth(2)).to_have_text("2")
    changed.get_by_role("button", name="Cancel order BUY IBM").click()
    expect(changed).to_have_count(0)
    assert tab.axe() == []
    assert tab.complaints == []


# far below the market, so that it stays in the book
ORDER = {
    "symbol": "IBM",
    "side": "BUY",
    "quantity": "1",
    "order_type": "LIMIT",
    "limit_price": "40",
    "time_in_force": "GTC",
}
