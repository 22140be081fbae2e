"""Wording: figures as people read them."""

from decimal import Decimal

import pytest

from risk.wording import amount, bound, plain, rule_text


@pytest.mark.parametrize("convert", [Decimal, float])
@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        ("-0.0001", "fraction", "0.0 %"),
        ("-0.004", "fraction", "-0.4 %"),
        ("-0.001", "usd", "0.00 USD"),
        ("-0.001", "times", "0.00×"),
        ("1234.5", "usd", "1,234.50 USD"),
    ],
)
def test_a_figure_shown_as_zero_has_no_sign(convert, value, unit, text):
    assert amount(convert(value), unit, "USD") == text


def test_limits_are_shown_without_needless_zeros():
    assert bound(Decimal("0.0800"), "fraction", "USD") == "8 %"
    assert bound(None, "fraction", "USD") == "not set"
    assert plain(Decimal("1E+2")) == "100"


def test_what_was_not_measured_is_not_set_against_a_limit():
    text = rule_text("SELF_MATCH", "pass", None, None, Decimal(55), None, "price", "IBM", "USD")
    assert text == "in order"


def test_bounds_that_are_met_are_told_as_what_they_are():
    def met(code, value, limit, unit):
        return rule_text(code, "pass", None, Decimal(value), Decimal(limit), None, unit, "IBM", "USD")

    assert met("MINIMUM_QUANTITY", 509, 1, "quantity") == "509, and at least 1 is needed"
    assert met("COLLAR", 55, 60, "price") == "the limit price 55 is within the collar at 60"
    assert met("POSITION_USD", 5_000, 1_000_000_000, "usd") == "in order"
    assert met("POSITION_USD", 400, 500, "usd") == "400.00 USD against a limit of 500.00 USD"
