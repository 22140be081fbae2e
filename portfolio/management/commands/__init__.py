"""Commands of the portfolio room."""

from django.core.management.base import CommandError

from portfolio.models import Account


def account_or_all(account_id: int | None) -> Account | None:
    """The account named on the command line; None, for all, when none is."""
    if account_id is None:
        return None
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise CommandError(f"There is no account {account_id}.")
    return account
