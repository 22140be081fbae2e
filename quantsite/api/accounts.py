"""An account's events since a number, and its emergency stop."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portfolio.api import AccountListView
from portfolio.selectors import account_get_for
from portfolio.serializers import AccountSerializer
from quantsite import selectors, services
from quantsite.serializers import site
from risk.services import StopReport, emergency_stop, resume


class AccountsView(AccountListView):
    """The accounts a person may see, and a new one on paper."""

    @extend_schema(request=site.AccountOpenSerializer, responses={201: AccountSerializer})
    def post(self, request: Request) -> Response:
        """Open a paper account with its first deposit, on the market that is played now."""
        asked = site.AccountOpenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        account = services.paper_account_open(owner=request.user, actor=request.user, **asked.validated_data)
        found = account_get_for(request.user, account.pk)
        return Response(AccountSerializer(found).data, status=status.HTTP_201_CREATED)


class EventsView(APIView):
    """What happened on an account since a number."""

    @extend_schema(parameters=[site.EventsQuery], responses=site.EventsSerializer)
    def get(self, request: Request, account_id: int) -> Response:
        """The messages a socket would have had, at most 500; past that take the snapshot again."""
        account = account_get_for(request.user, account_id)
        asked = site.EventsQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(selectors.account_events(account, asked.validated_data["since"]))


class EmergencyStopView(APIView):
    """The emergency stop of one account."""

    @extend_schema(request=site.EmergencyStopSerializer, responses=site.StopReportSerializer)
    def post(self, request: Request, account_id: int) -> Response:
        """Latch, wait until no send is in flight, void what was not sent; protection goes on working."""
        account = account_get_for(request.user, account_id)
        asked = site.EmergencyStopSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        report = emergency_stop(
            scope_kind="account", scope_key=str(account.pk), actor=request.user, **asked.validated_data
        )
        return _answer(report)


class ResumeView(APIView):
    """The end of an account's stop."""

    @extend_schema(request=site.ReasonSerializer, responses=site.StopReportSerializer)
    def post(self, request: Request, account_id: int) -> Response:
        """Let it trade again; what was voided is not sent."""
        account = account_get_for(request.user, account_id)
        asked = site.ReasonSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return _answer(
            resume(scope_kind="account", scope_key=str(account.pk), actor=request.user, **asked.validated_data)
        )


WORDS = {
    "STOPPED": "The account is stopped. Protective orders go on working.",
    "STOPPED_WITH_PROBLEMS": "The account is stopped, but not everything after the latch succeeded.",
    "DRAIN_UNCONFIRMED": "The account is stopped; a send that was in flight has not been seen to end.",
    "RESUMED": "The account trades again.",
}


def _answer(report: StopReport) -> Response:
    return Response(
        {
            "success": not report.problems,
            "message": WORDS[report.status],
            "status": report.status,
            "state": str(report.latch.state),
            "epoch": report.latch.epoch,
            "drained": report.drained,
            "problems": list(report.problems),
        }
    )
