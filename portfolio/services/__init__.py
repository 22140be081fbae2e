"""Changes to what is owned. Every one takes the account's row first, and keeps it until its transaction ends."""

from portfolio.services.accounts import (
    account_archive,
    account_default_set,
    account_lock,
    account_open,
    account_update,
    membership_remove,
    membership_set,
)
from portfolio.services.cash import cash_deposit, cash_withdraw
from portfolio.services.fills import fill_post
from portfolio.services.reserves import reserve_hold, reserve_release
from portfolio.services.valuations import valuation_record
from portfolio.services.verification import ledger_verify, positions_rebuild

__all__ = [
    "account_archive",
    "account_default_set",
    "account_lock",
    "account_open",
    "account_update",
    "cash_deposit",
    "cash_withdraw",
    "fill_post",
    "ledger_verify",
    "membership_remove",
    "membership_set",
    "positions_rebuild",
    "reserve_hold",
    "reserve_release",
    "valuation_record",
]
