"""Deployments over HTTP: made, changed while stopped, started and stopped, one by one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trading import serializers, services
from trading.api.asking import account_asked
from trading.filters import DeploymentFilter
from trading.models import Deployment
from trading.selectors.owned import deployment_get_for, deployments_for


class DeploymentListView(ListAPIView[Deployment]):
    """Deployments on the accounts one may see; POST makes one, stopped."""

    serializer_class = serializers.DeploymentSerializer
    filterset_class = DeploymentFilter
    queryset = Deployment.objects.none()

    def get_queryset(self) -> QuerySet[Deployment]:
        """Only what this person may see."""
        return deployments_for(self.request.user)

    @extend_schema(request=serializers.DeploymentCreateSerializer, responses={201: serializers.DeploymentSerializer})
    def post(self, request: Request) -> Response:
        """Strategy, parameters and symbols must be known; what is left out is default."""
        account = account_asked(request, write=True)
        asked = serializers.DeploymentCreateSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        terms = {name: value for name, value in asked.validated_data.items() if name != "account"}
        deployment = services.deployment_create(account_id=account.pk, actor=request.user, **terms)
        return Response(serializers.DeploymentSerializer(deployment).data, status=status.HTTP_201_CREATED)


class DeploymentView(APIView):
    """One deployment."""

    @extend_schema(responses=serializers.DeploymentSerializer)
    def get(self, request: Request, deployment_id: int) -> Response:
        """Its parameters, state and targets."""
        return _answer(deployment_get_for(request.user, deployment_id))

    @extend_schema(request=serializers.DeploymentChangeSerializer, responses=serializers.DeploymentSerializer)
    def patch(self, request: Request, deployment_id: int) -> Response:
        """Change it while it is stopped."""
        deployment = deployment_get_for(request.user, deployment_id, write=True)
        asked = serializers.DeploymentChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        changes = dict(asked.validated_data)
        return _answer(services.deployment_update(deployment_id=deployment.pk, changes=changes, actor=request.user))


class DeploymentActionView(APIView):
    """Start and stop."""

    act: Any = None

    @extend_schema(request=None, responses=serializers.DeploymentSerializer)
    def post(self, request: Request, deployment_id: int) -> Response:
        """Start: decide from the next close on. Stop: entries are cancelled, protection and positions stay."""
        deployment = deployment_get_for(request.user, deployment_id, write=True)
        return _answer(type(self).act(deployment_id=deployment.pk, actor=request.user))


class DeploymentStartView(DeploymentActionView):
    """Start a deployment."""

    act = staticmethod(services.deployment_start)


class DeploymentStopView(DeploymentActionView):
    """Stop a deployment."""

    act = staticmethod(services.deployment_stop)


def _answer(deployment: Deployment) -> Response:
    return Response(serializers.DeploymentSerializer(deployment).data)
