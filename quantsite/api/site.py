"""Feeds under a hand, jobs, notifications, health, and the description of the interface itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketdata.selectors import feed_payload
from marketdata.serializers import FeedSerializer, SpeedSerializer
from marketdata.services import feed_pause, feed_resume, feed_speed_set
from operations.errors import NotFound
from operations.models import Job, Notification
from operations.selectors import job_get_for, jobs_for, notifications_for
from operations.services import job_stop_request, notifications_read
from portfolio.selectors import account_get_for
from quantsite import selectors
from quantsite.serializers import site
from quantsite.services import feed_steer
from trading.api.asking import account_named
from users.permissions import ScopePermission


class FeedPauseView(APIView):
    """A replay that stands still."""

    required_scope = {"POST": "admin"}

    @extend_schema(request=None, responses=FeedSerializer)
    def post(self, request: Request, feed_id: int) -> Response:
        """Pause it for every account on it; operators, and on an embedded site who owns an account on it."""
        return Response(feed_payload(feed_steer(feed_id=feed_id, act=feed_pause, actor=request.user)))


class FeedResumeView(APIView):
    """A replay that goes on."""

    required_scope = {"POST": "admin"}

    @extend_schema(request=None, responses=FeedSerializer)
    def post(self, request: Request, feed_id: int) -> Response:
        """Let it go on; operators, and on an embedded site who owns an account on it."""
        return Response(feed_payload(feed_steer(feed_id=feed_id, act=feed_resume, actor=request.user)))


class FeedSpeedView(APIView):
    """The ceiling of a replay's speed."""

    required_scope = {"POST": "admin"}

    @extend_schema(request=SpeedSerializer, responses=FeedSerializer)
    def post(self, request: Request, feed_id: int) -> Response:
        """Set the sessions a second; operators, and on an embedded site who owns an account on it."""
        asked = SpeedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        speed = int(asked.validated_data["speed"])
        return Response(feed_payload(feed_steer(feed_id=feed_id, act=feed_speed_set, actor=request.user, speed=speed)))


class JobListView(ListAPIView[Job]):
    """One's own background jobs, newest first."""

    serializer_class = site.JobSerializer
    queryset = Job.objects.none()
    filterset_fields = ("kind", "state")

    def get_queryset(self) -> QuerySet[Job]:
        """Only the person's own."""
        return jobs_for(self.request.user)


class JobView(APIView):
    """One of one's own jobs."""

    @extend_schema(responses=site.JobSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        """Where it stands, and its result."""
        return Response(site.JobSerializer(job_get_for(request.user, job_id)).data)


class JobStopView(APIView):
    """The end of a job."""

    @extend_schema(request=None, responses=site.JobSerializer)
    def post(self, request: Request, job_id: UUID) -> Response:
        """Ask it to stop; one that is over stays as it is."""
        job_stop_request(job_id=job_get_for(request.user, job_id).pk)
        return Response(site.JobSerializer(job_get_for(request.user, job_id)).data)


class NotificationListView(ListAPIView[Notification]):
    """What the site has told the person, newest first; `?unread=true`, `?account=1`."""

    serializer_class = site.NotificationSerializer
    queryset = Notification.objects.none()
    filter_backends = []

    @extend_schema(parameters=[OpenApiParameter("unread", bool), OpenApiParameter("account", int)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of them."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Notification]:
        """Only the person's own."""
        named = account_named(self.request)
        stream = None if named is None else account_get_for(self.request.user, named).stream
        unread = self.request.query_params.get("unread") == "true"
        return notifications_for(self.request.user, unread=unread, stream=stream)


class NotificationsReadView(APIView):
    """Notifications that were read."""

    required_scope = {"POST": "read"}

    @extend_schema(request=site.NotificationsReadSerializer, responses=site.NotificationsReadAnswerSerializer)
    def post(self, request: Request) -> Response:
        """Mark those named as read, or all."""
        asked = site.NotificationsReadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        read = notifications_read(user=request.user, ids=asked.validated_data.get("ids"))
        return Response({"read": read, "unread": notifications_for(request.user, unread=True).count()})


class HealthView(APIView):
    """Whether the site is well, for anyone."""

    permission_classes = [AllowAny]
    authentication_classes = []

    @extend_schema(responses={200: site.HealthSerializer, 503: site.HealthSerializer}, auth=[])
    def get(self, request: Request) -> Response:
        """`ok`, `degraded` (a probe warns or fails) or 503 `failing` (the database does not answer)."""
        health = selectors.health_get()
        failing = health["status"] == "failing"
        return Response(health, status=status.HTTP_503_SERVICE_UNAVAILABLE if failing else status.HTTP_200_OK)


@extend_schema(exclude=True)
class NowhereView(APIView):
    """Every other address under /api/: the one error format, whatever the verb."""

    permission_classes = [AllowAny]
    authentication_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """There is nothing."""
        raise NotFound("NOT_FOUND", "There is nothing at this address; /api/docs lists what there is.")


class SchemaView(SpectacularAPIView):
    """The OpenAPI description, for who is signed in."""

    permission_classes = [ScopePermission]


class DocsView(SpectacularSwaggerSplitView):
    """The description to read and to try, with every script and style from this site."""

    permission_classes = [ScopePermission]
    url_name = "api-schema"
    template_name = "api_docs.html"
