"""Acts on a whole account that make or end orders: close, cancel all, protect, start, stop; the seeds' trade."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from operations.errors import Conflict
from portfolio.models import Account
from portfolio.selectors import account_get_for
from trading import serializers, services
from trading.api import examples
from trading.api.asking import account_asked
from trading.api.orders import accepted, created, previewed, submitted
from trading.models import Deployment, Order
from trading.selectors.owned import orders_for
from trading.selectors.snapshot import snapshot_get
from trading.selectors.symbols import symbol_get
from trading.services.cancel import orders_cancel_all
from trading.services.submit import order_submit, position_close, stop_loss_set


class TradeView(APIView):
    """The seeds' way to an order."""

    @extend_schema(
        request=serializers.TradeSerializer,
        responses={200: serializers.TradeAnswerSerializer, 201: serializers.TradeAnswerSerializer},
        examples=[examples.TRADE, examples.TRADE_ANSWER],
    )
    def post(self, request: Request) -> Response:
        """201 with the order and its decision, also when denied; 200 when repeated by its id, or only judged."""
        account = account_asked(request, write=True)
        asked = serializers.TradeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if asked.validated_data["dry_run"]:
            judged = previewed(account, asked)
            return Response(judged | {"decision": serializers.TradeDecisionSerializer(judged["decision"]).data})
        made = order_submit(account_id=account.pk, wish=asked.wish(), actor=request.user, wall_time=timezone.now())
        answer = submitted(made)
        order = None if made.order is None else serializers.TradeOrderSerializer(made.order).data
        decision = serializers.TradeDecisionSerializer(answer["decision"]).data
        return Response(
            {"success": accepted(made), "message": answer["message"], "order": order, "decision": decision},
            status=created(made),
        )


class StopLossView(APIView):
    """The seeds' stop of a position."""

    @extend_schema(
        request=serializers.StopLossSerializer,
        responses=serializers.OrdersSerializer,
        examples=[examples.STOP_LOSS, examples.STOP_LOSS_ANSWER],
    )
    def post(self, request: Request) -> Response:
        """Replace the stop of every sleeve of the symbol, sized to the sleeve."""
        account = account_asked(request, write=True)
        asked = serializers.StopLossSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        symbol, price = asked.validated_data["symbol"], asked.validated_data["stop_price"]
        orders = stop_loss_set(
            account_id=account.pk, symbol=symbol, stop_price=price, actor=request.user, wall_time=timezone.now()
        )
        return _orders(request, orders, f"The stop of {symbol} is at {price}.")


class ClosePositionView(APIView):
    """The end of a position."""

    @extend_schema(request=serializers.SymbolSerializer, responses=serializers.OrdersSerializer)
    def post(self, request: Request, account_id: int) -> Response:
        """Close every sleeve of the symbol at market, one order each; its protection is cancelled first."""
        account = account_get_for(request.user, account_id, write=True)
        asked = serializers.SymbolSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        symbol = asked.validated_data["symbol"]
        orders = position_close(account_id=account.pk, symbol=symbol, actor=request.user, wall_time=timezone.now())
        return _orders(request, orders, f"Closing {symbol}: {_count(len(orders), 'order')}.")


class CancelAllView(APIView):
    """The end of what works."""

    @extend_schema(request=serializers.CancelAllSerializer, responses=serializers.OrdersSerializer)
    def post(self, request: Request, account_id: int) -> Response:
        """Cancel every working order that is not protective, or with `protective` all."""
        account = account_get_for(request.user, account_id, write=True)
        asked = serializers.CancelAllSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        orders = orders_cancel_all(account_id=account.pk, actor=request.user, **asked.validated_data)
        return _orders(request, orders, f"Cancel asked for {_count(len(orders), 'order')}.")


class StartView(APIView):
    """All deployments of the account named, started."""

    @extend_schema(
        request=serializers.AccountNamed, responses=serializers.SuccessSerializer, examples=[examples.STARTED]
    )
    def post(self, request: Request) -> Response:
        """Start every deployment of the account; a waiting replay begins."""
        return _start(request, account_asked(request, write=True))


class StopView(APIView):
    """All deployments of the account named, stopped."""

    @extend_schema(
        request=serializers.AccountNamed, responses=serializers.SuccessSerializer, examples=[examples.STOPPED]
    )
    def post(self, request: Request) -> Response:
        """Stop every deployment; entries are cancelled, positions and their protection stay."""
        return _stop(request, account_asked(request, write=True))


class AccountStartView(APIView):
    """All deployments of an account, started."""

    @extend_schema(request=None, responses=serializers.SuccessSerializer)
    def post(self, request: Request, account_id: int) -> Response:
        """Start every deployment of the account."""
        return _start(request, account_get_for(request.user, account_id, write=True))


class AccountStopView(APIView):
    """All deployments of an account, stopped."""

    @extend_schema(request=None, responses=serializers.SuccessSerializer)
    def post(self, request: Request, account_id: int) -> Response:
        """Stop every deployment of the account."""
        return _stop(request, account_get_for(request.user, account_id, write=True))


class SnapshotView(APIView):
    """Everything a dashboard shows."""

    @extend_schema(responses=serializers.SnapshotSerializer)
    def get(self, request: Request, account_id: int) -> Response:
        """The account's whole state with the number of the last event it holds."""
        account = account_get_for(request.user, account_id)
        return Response(snapshot_get(account, user=request.user, role=account.role))


class AccountSymbolView(APIView):
    """One symbol as an account sees it."""

    @extend_schema(responses=serializers.AccountSymbolSerializer)
    def get(self, request: Request, account_id: int, symbol: str) -> Response:
        """Bars up to the clock of the account's feed, signals, fills, position and orders."""
        return Response(symbol_get(account_get_for(request.user, account_id), symbol))


def _start(request: Request, account: Account) -> Response:
    if not Deployment.objects.filter(account=account).exists():
        raise Conflict("NO_DEPLOYMENTS", "This account has no strategy yet; deploy one first.")
    started = services.account_start(account_id=account.pk, actor=request.user)
    return Response({"success": True, "message": f"{_count(len(started), 'strategy', 'strategies')} running."})


def _stop(request: Request, account: Account) -> Response:
    stopped = services.account_stop(account_id=account.pk, actor=request.user)
    words = _count(len(stopped), "strategy", "strategies")
    return Response({"success": True, "message": f"{words} stopped. Positions and their protection stay."})


def _orders(request: Request, orders: list[Order], message: str) -> Response:
    rows = orders_for(request.user).filter(pk__in=[order.pk for order in orders])
    return Response(
        {"success": True, "message": message, "orders": serializers.OrderRowSerializer(rows, many=True).data}
    )


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
