"""The dashboard live: start, watch, judge an order before it is sent, lose the connection and get it back."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import PHONE, Visitor

pytestmark = pytest.mark.browser

SOCKET = "**/ws/accounts/*/"


def started(page: Page) -> None:
    """Press Start if nothing runs yet."""
    state = page.locator("#control-state")
    expect(state).not_to_have_text("\u00a0")
    if state.inner_text() == "Stopped":
        page.locator("#start").click()
    expect(state).to_have_text("Running")


def test_start_moves_the_clock_and_the_curve(visit: Visitor) -> None:
    tab = visit()
    page = tab.dashboard()
    started(page)
    clock = page.locator("#clock-time")
    before = clock.inner_text()
    expect(clock).not_to_have_text(before, timeout=15_000)
    page.locator("#orders tbody tr").first.wait_for(timeout=30_000)
    page.locator("#decisions .feed-text").first.wait_for()
    page.get_by_role("button", name="Table").click()
    expect(page.locator("#equity-table tbody tr").nth(1)).to_be_visible()
    assert tab.complaints == []


def test_figures_change_without_moving_the_layout(visit: Visitor) -> None:
    page = visit().dashboard()
    started(page)
    page.locator("#orders tbody tr").first.wait_for(timeout=30_000)
    measure = """[...document.querySelectorAll('.card, .tile, .control button, .clock, #orders thead th')].map(
        node => { const {x, y, width} = node.getBoundingClientRect(); return [node.id || node.textContent.slice(0, 12),
        Math.round(x), Math.round(y), Math.round(width)]; })"""
    before = page.evaluate(measure)
    value = page.locator("[data-tile=total_value]").inner_text()
    page.wait_for_timeout(4_000)
    expect(page.locator("[data-tile=total_value]")).not_to_have_text(value)
    moved = [pair for pair in zip(before, page.evaluate(measure), strict=True) if pair[0][1:] != pair[1][1:]]
    assert moved == []


def test_stop_says_what_it_will_and_will_not_do(visit: Visitor) -> None:
    page = visit().dashboard()
    started(page)
    page.locator("#stop").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("end new decisions of the strategies")
    expect(dialog).to_contain_text("cancel their working entry orders")
    expect(dialog).to_contain_text("cancel protective stops and targets: they go on working")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.locator("#control-state")).to_have_text("Running")


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_the_ticket_judges_before_anything_is_sent(visit: Visitor, viewport: dict[str, int] | None) -> None:
    tab = visit(viewport) if viewport else visit()
    page = tab.dashboard()
    page.locator("[data-ticket-open]:visible").click()
    page.locator("#ticket-symbols option").first.wait_for(state="attached")
    known = page.locator("#ticket-symbols option").evaluate_all("nodes => nodes.map(node => node.value)")
    # what is not listed yet has no price, and what is held has little room left
    priced = [name for name in known if page.evaluate("name => fetch(`/api/quote/${name}`).then(r => r.ok)", name)]
    held = page.locator("#positions tbody th").all_inner_texts()
    page.get_by_label("Symbol").fill(next((name for name in priced if name not in held), priced[0]))
    page.get_by_label("Quantity").fill("100000")
    verdict = page.locator("#ticket-verdict")
    expect(verdict).to_contain_text("denied")
    expect(page.locator("#ticket-submit")).to_be_disabled()
    expect(page.locator("#ticket-rules meter").first).to_be_visible()
    assert tab.axe() == []
    for _ in range(10):  # the market moves on, and with it the largest size
        largest = verdict.get_by_role("button", name="the largest that passes")
        if largest.is_visible():
            largest.click()
        page.wait_for_timeout(600)
        if page.locator("#ticket-submit").is_enabled():
            break
    expect(verdict).to_contain_text("allowed")


def test_a_lost_connection_shows_and_comes_back(visit: Visitor) -> None:
    """Seen red with the timer taken out of `AccountStream.lost`: the banner stays until somebody presses its button."""
    tab = visit()
    sockets: list[WebSocketRoute] = []
    refuse = {"now": False}

    def route(socket: WebSocketRoute) -> None:
        if refuse["now"]:
            socket.close()
            return
        sockets.append(socket)
        socket.connect_to_server()

    tab.page.route_web_socket(SOCKET, route)
    page = tab.dashboard()
    refuse["now"] = True
    sockets[-1].close()
    banner = page.locator("#connection-lost")
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("Connection lost, showing data of")
    assert tab.axe() == []
    refuse["now"] = False
    expect(banner).to_be_hidden(timeout=15_000)
    expect(page.locator("#connection")).to_have_text("live")
    refuse["now"] = True
    sockets[-1].close()
    page.get_by_role("button", name="Try now").wait_for()
    refuse["now"] = False
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#connection")).to_have_text("live", timeout=1_500)


@pytest.mark.parametrize(
    ("feed", "sentence"),
    [({"id": 999_999, "state": "finished"}, "The replay has played its last day"), (None, "has no market feed")],
    ids=["finished", "none"],
)
def test_where_the_market_stands_still_another_account_is_offered(visit: Visitor, feed: Any, sentence: str) -> None:
    tab = visit(PHONE)

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def forward(message: str | bytes) -> None:
            told = json.loads(message)
            if told["type"] == "snapshot":
                told["state"]["feed"] = feed and told["state"]["feed"] | feed
                socket.send(json.dumps(told))

        server.on_message(forward)

    tab.page.route_web_socket(SOCKET, route)
    page = tab.dashboard()
    expect(page.locator("#feed-ended")).to_contain_text(sentence)
    page.get_by_role("button", name="Open an account on the current replay").click()
    expect(page.get_by_role("dialog")).to_contain_text("New paper account")
    assert tab.axe() == []
    assert tab.complaints == []


def test_lost_messages_are_caught_up(visit: Visitor) -> None:
    """A fifth of all messages dropped: what is shown equals what the server says.

    Seen red with the check of the number taken out of `AccountStream.receive`: orders stay in states they have left.
    """
    tab = visit()
    dice = random.Random(7)

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def forward(message: str | bytes) -> None:
            is_event = json.loads(message)["type"] == "event"
            if not is_event or dice.random() > 0.2:
                socket.send(message)

        server.on_message(forward)

    tab.page.route_web_socket(SOCKET, route)
    page = tab.dashboard()
    started(page)
    page.wait_for_timeout(5_000)
    page.locator("#feed-pause").click()
    expect(page.locator("#feed-state")).to_have_text("replay paused")
    account = page.locator("[data-account]").get_attribute("data-account")

    def difference() -> list[tuple[str, Any, Any]]:
        state = tab.fetch(f"/api/accounts/{account}/snapshot")["state"]
        shown = page.evaluate(SHOWN)
        return [(name, shown[name], told) for name, told in told_by(state).items() if shown[name] != told]

    try:
        for _ in range(30):
            if not difference():
                break
            page.wait_for_timeout(300)
        assert difference() == []
    finally:
        page.locator("#feed-pause").click()


SHOWN = """() => ({
    decisions: [...document.querySelectorAll('#decisions > li[data-key]')].map(node => node.dataset.key),
    orders: document.querySelectorAll('#orders tbody tr').length,
    working: [...document.querySelectorAll('#orders .badge')].filter(node => node.dataset.state === 'WORKING').length,
    positions: [...document.querySelectorAll('#positions tbody th a')].map(node => node.textContent),
    value: Number(document.querySelector('[data-tile=total_value]').textContent.replaceAll(/[$,]/g, '')),
})"""


def told_by(state: dict[str, Any]) -> dict[str, Any]:
    """The same figures from a snapshot."""
    return {
        "decisions": [row["key"] for row in state["decisions"]],
        "orders": len(state["orders"]),
        "working": sum(row["state"] == "WORKING" for row in state["orders"]),
        "positions": [row["key"] for row in state["positions"]],
        "value": float(state["overview"]["total_value"]),
    }
