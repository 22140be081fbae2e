"""Every pair of states, allowed or not, against the table written out a second time."""

from itertools import product

import pytest

from trading.lifecycle import IN_BOOK, MOVES, OPEN_STATES, TERMINAL, IllegalMove, OrderState, move_check

ALLOWED = {
    "NEW": "APPROVED DENIED HELD",
    "HELD": "APPROVED VOIDED",
    "APPROVED": "SUBMITTING SKIPPED VOIDED",
    "SUBMITTING": "WORKING PARTIALLY_FILLED FILLED CANCELLED EXPIRED REJECTED UNKNOWN",
    "WORKING": "PARTIALLY_FILLED FILLED CANCEL_PENDING CANCELLED EXPIRED REJECTED UNKNOWN",
    "PARTIALLY_FILLED": "PARTIALLY_FILLED FILLED CANCEL_PENDING CANCELLED EXPIRED REJECTED UNKNOWN",
    "CANCEL_PENDING": "WORKING PARTIALLY_FILLED FILLED CANCELLED EXPIRED UNKNOWN",
    "UNKNOWN": "WORKING PARTIALLY_FILLED FILLED CANCELLED EXPIRED REJECTED ABANDONED",
}
PAIRS = {(OrderState(state), OrderState(word)) for state, words in ALLOWED.items() for word in words.split()}


@pytest.mark.parametrize(("current", "target"), list(product(OrderState, OrderState)))
def test_each_pair_of_states(current, target):
    """Seen red by letting REJECTED follow CANCEL_PENDING."""
    if (current, target) in PAIRS:
        move_check(current, target)
    else:
        with pytest.raises(IllegalMove, match=f"{current} cannot become {target}"):
            move_check(current, target)


def test_the_table_knows_every_state():
    assert set(MOVES) == set(OrderState)


def test_what_is_over_and_what_is_in_the_book():
    assert {str(state) for state in TERMINAL} == {state for state in OrderState if str(state) not in ALLOWED}
    assert {str(state) for state in IN_BOOK} == {"WORKING", "PARTIALLY_FILLED"}
    assert OPEN_STATES.isdisjoint(TERMINAL)
    assert set(OrderState) == OPEN_STATES | TERMINAL
