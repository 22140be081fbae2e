"""What was decided and looked at: decisions with every rule, evaluations; strategies that can be deployed."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trading import serializers
from trading.filters import DecisionFilter, EvaluationFilter
from trading.models import Decision, Evaluation
from trading.selectors import strategies
from trading.selectors.owned import decision_get_for, decisions_for, evaluations_for
from trading.strategies.registry import strategy_describe


class DecisionListView(ListAPIView[Decision]):
    """Decisions on the accounts one may see, newest first."""

    serializer_class = serializers.DecisionRowSerializer
    filterset_class = DecisionFilter
    queryset = Decision.objects.none()

    def get_queryset(self) -> QuerySet[Decision]:
        """Only what this person may see."""
        return decisions_for(self.request.user)


class DecisionView(APIView):
    """One decision."""

    @extend_schema(responses=serializers.DecisionSerializer)
    def get(self, request: Request, decision_id: int) -> Response:
        """The decision with every rule: value, limit, headroom, verdict."""
        return Response(serializers.DecisionSerializer(decision_get_for(request.user, decision_id)).data)


class EvaluationListView(ListAPIView[Evaluation]):
    """What deployments saw and said at each bar, newest first."""

    serializer_class = serializers.EvaluationSerializer
    filterset_class = EvaluationFilter
    queryset = Evaluation.objects.none()

    def get_queryset(self) -> QuerySet[Evaluation]:
        """Only what this person may see."""
        return evaluations_for(self.request.user)


class StrategyListView(APIView):
    """The installed strategies."""

    @extend_schema(responses=serializers.StrategySerializer(many=True), operation_id="strategies_list")
    def get(self, request: Request) -> Response:
        """Each with its documentation and its bounded parameters."""
        found = sorted(strategies().items())
        return Response({"results": [strategy_describe(strategy) for _, strategy in found]})
