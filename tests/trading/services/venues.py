"""A venue by dotted path that answers what the test says: accepts, refuses, fails, or does not know."""

from __future__ import annotations

from trading.brokers.base import Acknowledgement, Capabilities


class Venue:
    """Written by hand; `answers` and `cancel_answers` are raised or, when None, mean yes. The last one stays."""

    name = "scripted"
    capabilities = Capabilities(dedupes_on_order_id=True, native_brackets=True, amends_in_place=True)
    answers: list = [None]
    cancel_answers: list = [None]
    working: set = set()
    heard: list = []

    def submit(self, ticket, *, timeout_s):
        type(self).heard.append(("submit", ticket.order_id))
        self._say(self.answers)
        type(self).working.add(ticket.order_id)
        return Acknowledgement(venue_order_id=f"venue-{ticket.order_id}")

    def cancel(self, order_id, *, timeout_s):
        type(self).heard.append(("cancel", order_id))
        self._say(self.cancel_answers)
        type(self).working.discard(order_id)

    def open_orders(self, account):
        return sorted(self.working)

    @staticmethod
    def _say(answers):
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer is not None:
            raise answer
