"""The seeds' endpoints over a whole account: status, positions, account, configuration, risk metrics."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portfolio.selectors import account_get_for
from quantsite import selectors, services
from quantsite.api import examples
from quantsite.serializers import seeds
from trading.api.asking import ACCOUNT, account_asked
from trading.selectors.snapshot import View


class StatusView(APIView):
    """The state of an account at a glance."""

    @extend_schema(parameters=[ACCOUNT], responses=seeds.StatusSerializer, examples=[examples.STATUS])
    def get(self, request: Request) -> Response:
        """Whether it runs, what it is worth, what it holds."""
        return Response(selectors.status_get(account_asked(request)))


class PositionsView(APIView):
    """What an account holds."""

    @extend_schema(parameters=[ACCOUNT], responses=seeds.PositionsSerializer, examples=[examples.POSITIONS])
    def get(self, request: Request) -> Response:
        """The positions with their worth."""
        return Response({"success": True, "positions": selectors.positions_get(View(account_asked(request)))})


class AccountView(APIView):
    """An account's balances."""

    @extend_schema(parameters=[ACCOUNT], responses=seeds.SeedAccountSerializer, examples=[examples.ACCOUNT])
    def get(self, request: Request) -> Response:
        """Cash, buying power, worth."""
        return Response(selectors.account_seed_get(account_asked(request)))


class ConfigView(APIView):
    """The configuration of an account."""

    @extend_schema(parameters=[ACCOUNT], responses=seeds.ConfigAnswerSerializer, examples=[examples.CONFIG])
    def get(self, request: Request) -> Response:
        """The sections trading, brokerage, data, risk, strategies; credentials are null."""
        return Response({"success": True, "config": selectors.config_get(account_asked(request))})

    @extend_schema(
        request=seeds.ConfigSerializer,
        responses=seeds.ConfigSavedSerializer,
        examples=[examples.CONFIG_CHANGE, examples.CONFIG_SAVED],
    )
    def post(self, request: Request) -> Response:
        """Change what may be changed, all of it or nothing; a looser limit is refused."""
        account = account_asked(request, write=True)
        asked = seeds.ConfigSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = services.config_update(account_id=account.pk, asked=asked.validated_data, actor=request.user)
        words = "Nothing changed." if not changed else f"Saved: {changed} change{'s' if changed > 1 else ''}."
        config = selectors.config_get(account_get_for(request.user, account.pk))
        return Response({"success": True, "message": words, "config": config})


class RiskMetricsView(APIView):
    """An account against its limits."""

    @extend_schema(parameters=[ACCOUNT], responses=seeds.RiskMetricsSerializer, examples=[examples.RISK_METRICS])
    def get(self, request: Request) -> Response:
        """Every measure with its limit and how much of it is used."""
        return Response(selectors.risk_metrics_get(account_asked(request)))
