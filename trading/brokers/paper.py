"""The paper venue: it accepts or rejects; its book is the account's working orders, matched bar by bar elsewhere.

It keeps no state of its own, so a ticket sent twice is the same order: the order id is the dedupe.
"""

from __future__ import annotations

from collections.abc import Sequence

from trading.brokers.base import Acknowledgement, Capabilities, Rejected, Ticket

ORDER_TYPES = frozenset({"MARKET", "LIMIT", "STOP", "STOP_LIMIT"})


class PaperBroker:
    """Accepts every well-formed ticket."""

    name = "paper"
    capabilities = Capabilities(dedupes_on_order_id=True, native_brackets=True, amends_in_place=True)

    def submit(self, ticket: Ticket, *, timeout_s: float) -> Acknowledgement:
        """Accept the ticket, or reject what no venue could work."""
        if ticket.order_type not in ORDER_TYPES:
            raise Rejected(f"The paper venue does not know the order type {ticket.order_type}.")
        if ticket.quantity == 0:
            raise Rejected("The paper venue takes no order of zero.")
        return Acknowledgement(venue_order_id=f"paper-{ticket.order_id}")

    def cancel(self, order_id: str, *, timeout_s: float) -> None:
        """Confirm at once: the caller takes the order off the book."""

    def open_orders(self, account: str) -> Sequence[str]:
        """Return nothing: the book is the database's working orders, and there is no other truth to compare."""
        return ()
