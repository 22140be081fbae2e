"""Backtests over HTTP: run one, list and read one's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backtests import serializers
from backtests.models import BacktestRun
from backtests.selectors import backtest_get_for, backtest_result, backtests_for
from backtests.services import backtest_submit, backtest_wait
from operations.errors import InvalidInput, Unprocessable
from operations.models import Job

WAIT_DEFAULT_S = 10.0
WAIT_MAX_S = 30.0
ASKED = OpenApiExample(
    "Two years of one symbol",
    value={"start_date": "2005-01-03", "end_date": "2006-12-29", "symbols": ["XYZ"], "initial_capital": 100000},
    request_only=True,
)
ANSWERED = OpenApiExample(
    "Done in time",
    value={
        "success": True,
        "result": {
            "strategy_name": "sma_cross",
            "start_date": "2005-01-03",
            "end_date": "2006-12-29",
            "initial_capital": 100000.0,
            "final_value": 101250.5,
            "total_return": 0.012505,
            "sharpe_ratio": 0.41,
            "max_drawdown": -0.021,
            "num_trades": 2,
            "win_rate": 1.0,
            "round_trips": 1,
            "trade_history": [
                {
                    "trade_id": "1",
                    "symbol": "XYZ",
                    "action": "BUY",
                    "quantity": 84.0,
                    "price": 57.31,
                    "timestamp": "2005-03-01",
                    "pnl": None,
                    "fee": 0.0,
                    "role": "entry",
                    "phase": "OPEN",
                }
            ],
            "equity_curve": [{"session_on": "2005-01-03", "equity": 100000.0, "drawdown": 0.0}],
            "settings": {"symbols": ["XYZ"], "position_size": 0.05},
            "rules_not_simulated": [],
            "messages": [],
        },
    },
    response_only=True,
    status_codes=["200"],
)


class BacktestView(APIView):
    """Run a backtest and wait a little for its result."""

    @extend_schema(
        request=serializers.BacktestRequestSerializer,
        responses={200: serializers.BacktestAnswerSerializer, 202: serializers.BacktestPendingSerializer},
        examples=[ASKED, ANSWERED],
    )
    def post(self, request: Request) -> Response:
        """Answer 200 with the result when it is there in time, else 202 with the address of the run."""
        body, seconds = _body(request.data)
        run = backtest_wait(run=backtest_submit(owner=request.user, request=body), seconds=seconds)
        address = reverse("api-backtest-detail", args=[run.pk])
        if run.state == Job.State.SUCCEEDED:
            return Response({"success": True, "result": backtest_result(run), "run": run.pk, "address": address})
        if run.state in Job.FINAL:
            raise Unprocessable("BACKTEST_FAILED", run.job.error or "The backtest was stopped.", run=run.pk)
        message = f"The backtest is running; its result will be at {address}."
        answer = {"success": True, "message": message, "run": run.pk, "address": address}
        return Response(answer, status=status.HTTP_202_ACCEPTED, headers={"Location": address})


def _body(data: Any) -> tuple[dict[str, Any], float]:
    """The request without `wait`, and the seconds to wait."""
    if not isinstance(data, Mapping):
        raise InvalidInput("BODY_INVALID", "The body must be a JSON object.")
    body = dict(data)
    given = body.pop("wait", WAIT_DEFAULT_S)
    try:
        seconds = float(given)
        if isinstance(given, bool) or not math.isfinite(seconds) or not 0 <= seconds <= WAIT_MAX_S:
            raise ValueError(given)
    except (TypeError, ValueError) as error:
        raise InvalidInput("WAIT_INVALID", f"wait must be a number of seconds from 0 to {WAIT_MAX_S:g}.") from error
    return body, seconds


class BacktestListView(generics.ListAPIView[BacktestRun]):
    """One's own runs, newest first."""

    serializer_class = serializers.BacktestRunSerializer
    queryset = BacktestRun.objects.none()  # names the model in the schema

    def get_queryset(self) -> QuerySet[BacktestRun]:
        """Only the person's own."""
        return backtests_for(self.request.user)


class BacktestDetailView(APIView):
    """One of one's own runs."""

    @extend_schema(responses=serializers.BacktestDetailSerializer)
    def get(self, request: Request, run_id: int) -> Response:
        """The run with its result."""
        return Response(serializers.BacktestDetailSerializer(backtest_get_for(request.user, run_id)).data)
