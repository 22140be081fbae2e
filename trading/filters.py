"""Filters of trading's lists: `?account=1&symbol=AAPL&from=2006-06-19&to=2006-07-01`.

An account or a deployment that a person may not see is not found, in a filter as in an address.
"""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from portfolio.selectors import account_get_for
from trading.lifecycle import OrderState
from trading.selectors.owned import deployment_get_for
from trading.terms import OrderRole, Side, Verdict

ID_MAXIMUM = 2**63 - 1
SIDES = [(side.value, side.value) for side in Side]
ROLES = [(role.value, role.value) for role in OrderRole]


class IdFilter(django_filters.NumberFilter):
    """The number of a row."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=1, max_value=ID_MAXIMUM, **kwargs)

    def get_max_validator(self) -> None:
        """The field has its own bound."""
        return


class OwnedFilter(django_filters.FilterSet):
    """By account and deployment, both only of those a person may see."""

    account = IdFilter(method="by_account", label="Account")
    deployment = IdFilter(method="by_deployment", label="Deployment")
    deployment_path = "deployment"
    account_path = "account"

    def by_account(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """Rows of one account."""
        return queryset.filter(**{self.account_path: account_get_for(self.request.user, int(value))})

    def by_deployment(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """Rows of one deployment."""
        return queryset.filter(**{self.deployment_path: deployment_get_for(self.request.user, int(value))})


class SidedFilter(OwnedFilter):
    """By side of a signed column."""

    side = django_filters.ChoiceFilter(choices=SIDES, method="by_side", label="Side")
    side_path = "quantity"

    def by_side(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """What was bought, or what was sold."""
        return queryset.filter(**{f"{self.side_path}__gt" if value == Side.BUY else f"{self.side_path}__lt": 0})


class OrderFilter(SidedFilter):
    """Orders; `state` may name several, separated by commas."""

    symbol = django_filters.CharFilter(field_name="instrument__symbol", max_length=40)
    state = django_filters.BaseInFilter(method="by_state", label="States, separated by commas")
    role = django_filters.ChoiceFilter(choices=ROLES)
    client_order_id = django_filters.CharFilter(max_length=48)
    # `from` is a word of the language, and of the address
    vars()["from"] = django_filters.DateFilter(field_name="market_time", lookup_expr="date__gte", label="Market day")
    to = django_filters.DateFilter(field_name="market_time", lookup_expr="date__lte", label="Market day, included")

    def by_state(self, queryset: QuerySet[Any], name: str, value: list[str]) -> QuerySet[Any]:
        """Orders in any of the states."""
        wanted = [state.strip().upper() for state in value]
        if unknown := sorted(set(wanted) - set(OrderState)):
            words = ", ".join(OrderState)
            raise forms.ValidationError({"state": f"{unknown[0][:40]!r} is no state of an order; there are {words}."})
        return queryset.filter(state__in=wanted)


class FillFilter(SidedFilter):
    """Fills."""

    deployment_path = "order__deployment"
    symbol = django_filters.CharFilter(field_name="instrument__symbol", max_length=40)
    role = django_filters.ChoiceFilter(choices=ROLES, field_name="order__role")
    order = django_filters.UUIDFilter(field_name="order")
    vars()["from"] = django_filters.DateFilter(field_name="executed_at", lookup_expr="date__gte", label="Market day")
    to = django_filters.DateFilter(field_name="executed_at", lookup_expr="date__lte", label="Market day, included")


class DecisionFilter(SidedFilter):
    """Decisions."""

    side_path = "wanted"
    symbol = django_filters.CharFilter(max_length=40)
    verdict = django_filters.ChoiceFilter(choices=[(verdict.value, verdict.value) for verdict in Verdict])
    role = django_filters.ChoiceFilter(choices=ROLES)
    rule = django_filters.CharFilter(field_name="binding_rule", max_length=32)
    vars()["from"] = django_filters.DateFilter(field_name="market_time", lookup_expr="date__gte", label="Market day")
    to = django_filters.DateFilter(field_name="market_time", lookup_expr="date__lte", label="Market day, included")


class EvaluationFilter(OwnedFilter):
    """Evaluations."""

    account_path = "deployment__account"
    state = django_filters.CharFilter(max_length=8)
    vars()["from"] = django_filters.DateFilter(field_name="session_on", lookup_expr="gte", label="Session")
    to = django_filters.DateFilter(field_name="session_on", lookup_expr="lte", label="Session, included")


class DeploymentFilter(django_filters.FilterSet):
    """Deployments."""

    account = IdFilter(method="by_account", label="Account")
    state = django_filters.CharFilter(max_length=8)
    strategy = django_filters.CharFilter(max_length=80)

    def by_account(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """Deployments of one account."""
        return queryset.filter(account=account_get_for(self.request.user, int(value)))
