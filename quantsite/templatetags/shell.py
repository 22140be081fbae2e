"""What every page's frame asks for: accounts to switch to, the one shown, unread notifications, inputs in our look."""

from __future__ import annotations

from django import template
from django.forms import BoundField
from django.template import Context
from django.utils.safestring import SafeString

from operations.selectors import notifications_for
from portfolio.models import Account
from portfolio.selectors import accounts_for

register = template.Library()

KEY = "_shell_accounts"


def _accounts(context: Context) -> list[Account]:
    if KEY not in context.render_context:
        request = context.get("request")
        user = getattr(request, "user", None)
        signed_in = user is not None and user.is_authenticated
        context.render_context[KEY] = list(accounts_for(user).open().order_by("pk")) if signed_in else []
    found: list[Account] = context.render_context[KEY]
    return found


@register.simple_tag(takes_context=True)
def nav_accounts(context: Context) -> list[Account]:
    """The open accounts this person may see."""
    return _accounts(context)


@register.simple_tag(takes_context=True)
def nav_account(context: Context) -> Account | None:
    """The account of this page, else the first that the person is a member of, else the first seen."""
    if context.get("account"):
        shown: Account = context["account"]
        return shown
    accounts = _accounts(context)
    return next((account for account in accounts if getattr(account, "role", None)), accounts[0] if accounts else None)


@register.simple_tag(takes_context=True)
def unread_count(context: Context) -> int:
    """How many notifications the signed-in person has not read."""
    return notifications_for(context["request"].user, unread=True).count()


@register.filter(name="input")
def input_filter(field: BoundField) -> SafeString:
    """The form field's widget with the class of our inputs; its label stands above it, not inside."""
    return field.as_widget(attrs={"class": "input", "placeholder": False})
