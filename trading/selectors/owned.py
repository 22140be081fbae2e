"""Rows of trading that a person may see: lists, and the only way to one row. A stranger's row is not there."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, OuterRef, Prefetch, QuerySet, Subquery

from operations.errors import NotAllowed, NotFound
from portfolio.selectors import WRITERS, accounts_for, role_for
from trading.models import Decision, Deployment, Evaluation, Fill, Order

Row = TypeVar("Row", bound=Model)


def orders_for(user: Any) -> QuerySet[Order]:
    """Orders of the accounts a person may see, newest first."""
    orders = Order.objects.filter(account__in=accounts_for(user).values("pk"))
    return orders.select_related("instrument", "deployment").order_by("-created_at", "-sequence")


def fills_for(user: Any) -> QuerySet[Fill]:
    """Fills of the accounts a person may see, newest first."""
    fills = Fill.objects.filter(account__in=accounts_for(user).values("pk"))
    return fills.select_related("instrument", "order__deployment").order_by("-id")


def decisions_for(user: Any) -> QuerySet[Decision]:
    """Decisions on the accounts a person may see, newest first, each with the id of the order it became."""
    made = Order.objects.filter(decision=OuterRef("pk"), protective=False).values("pk")[:1]
    decisions = Decision.objects.filter(account__in=accounts_for(user).values("pk"))
    return decisions.select_related("deployment").annotate(order_made=Subquery(made)).order_by("-id")


def evaluations_for(user: Any) -> QuerySet[Evaluation]:
    """Evaluations of the deployments a person may see, newest first."""
    evaluations = Evaluation.objects.filter(deployment__account__in=accounts_for(user).values("pk"))
    return evaluations.select_related("deployment").order_by("-id")


def deployments_for(user: Any) -> QuerySet[Deployment]:
    """Deployments on the accounts a person may see, by account and priority."""
    deployments = Deployment.objects.filter(account__in=accounts_for(user).values("pk"))
    return deployments.select_related("account").order_by("account_id", "priority", "id")


def order_get_for(user: Any, order_id: UUID, *, write: bool = False) -> Order:
    """One order with its children, moves, fills and attempts."""
    orders = orders_for(user).prefetch_related(
        "moves",
        "attempts",
        Prefetch("children", Order.objects.select_related("instrument", "deployment").order_by("sequence")),
        Prefetch("fills", Fill.objects.select_related("instrument", "order__deployment").order_by("id")),
    )
    order = _row_get(orders, order_id, "ORDER_NOT_FOUND", "order")
    _write_check(user, order.account, write)
    return order


def decision_get_for(user: Any, decision_id: int) -> Decision:
    """One decision."""
    return _row_get(decisions_for(user), decision_id, "DECISION_NOT_FOUND", "decision")


def deployment_get_for(user: Any, deployment_id: int, *, write: bool = False) -> Deployment:
    """One deployment; with `write`, of an account this person may trade."""
    deployment = _row_get(deployments_for(user), deployment_id, "DEPLOYMENT_NOT_FOUND", "deployment")
    _write_check(user, deployment.account, write)
    return deployment


def _row_get(rows: QuerySet[Row], key: Any, code: str, name: str) -> Row:
    row = rows.filter(pk=key).first()
    if row is None:
        raise NotFound(code, f"There is no such {name}.", **{name: str(key)})
    return row


def _write_check(user: Any, account: Any, write: bool) -> None:
    if write and role_for(user, account) not in WRITERS:
        raise NotAllowed("READ_ONLY", "You may look at this account but not act on it.")
