"""Orders over HTTP: submitted or only judged, read, cancelled, replaced, exported; fills."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portfolio.models import Account
from trading import serializers
from trading.api.asking import account_asked
from trading.api.examples import SUBMISSION
from trading.filters import FillFilter, OrderFilter
from trading.lifecycle import OrderState
from trading.models import Fill, Order
from trading.renderers import CSVRenderer
from trading.selectors.owned import fills_for, order_get_for, orders_for
from trading.services.cancel import order_cancel
from trading.services.submit import Submission, order_preview, order_replace, order_submit

EXPORT_ROWS = 100_000


class ExportedListView(ListAPIView[Any]):
    """A list that is also exported: every row the filters leave, with `?format=csv` or at the address with `.csv`."""

    renderer_classes = [JSONRenderer, CSVRenderer]
    csv_name = "export.csv"
    csv_columns: tuple[str, ...] = ()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of rows, or as CSV all of them."""
        if request.accepted_renderer.format != CSVRenderer.format:
            return super().list(request, *args, **kwargs)
        rows = self.filter_queryset(self.get_queryset())[:EXPORT_ROWS]
        return Response(self.get_serializer(rows, many=True).data)


class OrderListView(ExportedListView):
    """Orders of the accounts one may see, newest first; POST asks for one."""

    serializer_class = serializers.OrderRowSerializer
    filterset_class = OrderFilter
    queryset = Order.objects.none()
    csv_name = "orders.csv"
    csv_columns = (
        "id", "account", "market_time", "symbol", "side", "quantity", "filled", "average_price", "order_type",
        "limit_price", "stop_price", "time_in_force", "state", "role", "deployment_name", "reason", "client_order_id",
        "decision",
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Order]:
        """Only what this person may see."""
        return orders_for(self.request.user)

    @extend_schema(
        request=serializers.TradeSerializer,
        responses={200: serializers.SubmissionSerializer, 201: serializers.SubmissionSerializer},
        examples=[SUBMISSION],
    )
    def post(self, request: Request) -> Response:
        """201 with the order and its decision, also when denied; 200 when repeated by its id, or only judged."""
        account = account_asked(request, write=True)
        asked = serializers.TradeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if asked.validated_data["dry_run"]:
            return Response(previewed(account, asked))
        made = order_submit(account_id=account.pk, wish=asked.wish(), actor=request.user, wall_time=timezone.now())
        return Response(submitted(made), status=created(made))


class OrderExportView(OrderListView):
    """Orders as CSV, by the same filters."""

    renderer_classes = [CSVRenderer]
    pagination_class = None
    http_method_names = ["get", "head", "options"]


class OrderView(APIView):
    """One order."""

    @extend_schema(responses=serializers.OrderSerializer)
    def get(self, request: Request, order_id: UUID) -> Response:
        """The order with its children, moves, attempts and fills."""
        return Response(serializers.OrderSerializer(order_get_for(request.user, order_id)).data)


class OrderCancelView(APIView):
    """The end of a working order."""

    @extend_schema(request=None, responses=serializers.OrderSerializer)
    def post(self, request: Request, order_id: UUID) -> Response:
        """Cancel it: at once when it was not sent, else when the venue confirms."""
        order_get_for(request.user, order_id, write=True)
        order_cancel(order_id=order_id, actor=request.user)
        return Response(serializers.OrderSerializer(order_get_for(request.user, order_id)).data)


class OrderReplaceView(APIView):
    """Another order in the place of one."""

    @extend_schema(request=serializers.ReplaceSerializer, responses={201: serializers.SubmissionSerializer})
    def post(self, request: Request, order_id: UUID) -> Response:
        """A new linked order, sent once the cancel of the old one is confirmed."""
        old = order_get_for(request.user, order_id, write=True)
        asked = serializers.ReplaceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        changes = dict(asked.validated_data)
        if "quantity" in changes and old.quantity < 0:
            changes["quantity"] = -changes["quantity"]
        made = order_replace(order_id=old.pk, actor=request.user, wall_time=timezone.now(), **changes)
        return Response(submitted(made), status=status.HTTP_201_CREATED)


class FillListView(ExportedListView):
    """Fills on the accounts one may see, newest first."""

    serializer_class = serializers.FillRowSerializer
    filterset_class = FillFilter
    queryset = Fill.objects.none()
    csv_name = "fills.csv"
    csv_columns = (
        "id", "account", "order", "market_time", "symbol", "side", "quantity", "price", "fee", "realised", "role",
        "deployment_name",
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Fill]:
        """Only what this person may see."""
        return fills_for(self.request.user)


class FillExportView(FillListView):
    """Fills as CSV, by the same filters."""

    renderer_classes = [CSVRenderer]
    pagination_class = None


def previewed(account: Account, asked: serializers.TradeSerializer) -> dict[str, Any]:
    """What would become of an order sent now."""
    outcome = order_preview(account=account, wish=asked.wish(), wall_time=timezone.now())
    decision = serializers.OutcomeSerializer(outcome).data
    return {"success": outcome.order_result is not None, "message": outcome.text, "order": None, "decision": decision}


def submitted(made: Submission) -> dict[str, Any]:
    """What became of an order; the decision is at hand and not read again."""
    decision = made.decision
    decision.order_made = None if made.order is None else made.order.pk  # type: ignore[attr-defined]  # as selected rows
    order = None if made.order is None else serializers.OrderRowSerializer(made.order).data
    return {
        "success": accepted(made),
        "message": decision.text,
        "order": order,
        "decision": serializers.DecisionSerializer(decision).data,
    }


def accepted(made: Submission) -> bool:
    """Whether there is an order that was not denied."""
    return made.order is not None and made.order.state != OrderState.DENIED


def created(made: Submission) -> int:
    """201 for what was made now, 200 for a repeat."""
    return status.HTTP_201_CREATED if made.created else status.HTTP_200_OK
