"""REST: accounts, their equity and performance, transfers on paper, members."""

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from operations.canonical import decimal_text, instant_text
from portfolio import selectors, services
from portfolio.models import Account
from portfolio.serializers import (
    AccountDetailSerializer,
    AccountSerializer,
    EquityQuerySerializer,
    EquitySerializer,
    MembershipSerializer,
    MembershipSetSerializer,
    PerformanceSerializer,
    TransferSerializer,
)


class AccountListView(ListAPIView):
    """The accounts a person may see; archived ones with `?archived=true`."""

    serializer_class = AccountSerializer
    queryset = Account.objects.none()
    filter_backends = []

    def get_queryset(self) -> QuerySet[Account]:
        """Only what this person may see."""
        accounts = selectors.accounts_for(self.request.user)
        return accounts if self.request.query_params.get("archived") == "true" else accounts.filter(archived_at=None)


class AccountView(APIView):
    """One account with its latest valuation."""

    @extend_schema(responses=AccountDetailSerializer)
    def get(self, request: Request, account_id: int) -> Response:
        """Show it."""
        return _account_response(request.user, account_id)


class EquityView(APIView):
    """Equity over time."""

    @extend_schema(parameters=[EquityQuerySerializer], responses=EquitySerializer)
    def get(self, request: Request, account_id: int) -> Response:
        """Show the latest points, oldest first."""
        account = selectors.account_get_for(request.user, account_id)
        asked = EquityQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        series = selectors.equity_series(account, asked.validated_data["limit"])
        return Response({"points": [[instant_text(at), decimal_text(equity)] for at, equity in series]})


class PerformanceView(APIView):
    """Return, Sharpe ratio, drawdown, win rate."""

    @extend_schema(responses=PerformanceSerializer)
    def get(self, request: Request, account_id: int) -> Response:
        """Show the figures, null where undefined."""
        account = selectors.account_get_for(request.user, account_id)
        return Response(PerformanceSerializer(selectors.performance_get(account)).data)


class DepositView(APIView):
    """Money into a paper account."""

    @extend_schema(request=TransferSerializer, responses=AccountDetailSerializer)
    def post(self, request: Request, account_id: int) -> Response:
        """Book it once per key."""
        return _transfer(request, account_id, services.cash_deposit)


class WithdrawView(APIView):
    """Money out of a paper account."""

    @extend_schema(request=TransferSerializer, responses=AccountDetailSerializer)
    def post(self, request: Request, account_id: int) -> Response:
        """Book it once per key, at most the free cash."""
        return _transfer(request, account_id, services.cash_withdraw)


class MemberListView(APIView):
    """Who may see and trade an account."""

    required_scope = {"POST": "admin"}

    @extend_schema(responses=MembershipSerializer(many=True))
    def get(self, request: Request, account_id: int) -> Response:
        """List the members."""
        account = selectors.account_get_for(request.user, account_id)
        return Response({"results": MembershipSerializer(selectors.members_of(account), many=True).data})

    @extend_schema(request=MembershipSetSerializer, responses=MembershipSerializer)
    def post(self, request: Request, account_id: int) -> Response:
        """Let a person in or change their role; the owner alone may."""
        account = selectors.account_get_for(request.user, account_id, manage=True)
        asked = MembershipSetSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        user = selectors.person_get(asked.validated_data["username"])
        member = services.membership_set(
            account_id=account.pk, user=user, role=asked.validated_data["role"], actor=request.user
        )
        return Response(MembershipSerializer(member).data)


class MemberView(APIView):
    """One member of an account."""

    required_scope = {"DELETE": "admin"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, account_id: int, user_id: int) -> Response:
        """Take the membership away; the owner alone may."""
        account = selectors.account_get_for(request.user, account_id, manage=True)
        services.membership_remove(
            account_id=account.pk, user=selectors.member_get(account, user_id).user, actor=request.user
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


def _transfer(request: Request, account_id: int, move: Any) -> Response:
    account = selectors.account_get_for(request.user, account_id, write=True)
    asked = TransferSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    key = asked.validated_data.get("key") or uuid.uuid4().hex
    move(account_id=account.pk, amount=asked.validated_data["amount"], actor=request.user, key=key)
    return _account_response(request.user, account_id)


def _account_response(user: Any, account_id: int) -> Response:
    account = selectors.account_get_for(user, account_id)
    context = {"valuation": selectors.valuation_last(account)}
    return Response(AccountDetailSerializer(account, context=context).data)
