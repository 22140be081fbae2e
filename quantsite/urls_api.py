"""Routes of the interface that join rooms, its description, and the health check."""

from __future__ import annotations

from django.urls import path, re_path

from quantsite.api import accounts, seeds, site

urlpatterns = [
    path("health", site.HealthView.as_view(), name="health"),
    path("api/status", seeds.StatusView.as_view(), name="api-status"),
    path("api/positions", seeds.PositionsView.as_view(), name="api-positions"),
    path("api/account", seeds.AccountView.as_view(), name="api-seed-account"),
    path("api/config", seeds.ConfigView.as_view(), name="api-config"),
    path("api/risk/metrics", seeds.RiskMetricsView.as_view(), name="api-risk-metrics"),
    path("api/accounts", accounts.AccountsView.as_view(), name="api-accounts"),
    path("api/accounts/<int:account_id>/events", accounts.EventsView.as_view(), name="api-account-events"),
    path(
        "api/accounts/<int:account_id>/emergency-stop", accounts.EmergencyStopView.as_view(), name="api-emergency-stop"
    ),
    path("api/accounts/<int:account_id>/resume", accounts.ResumeView.as_view(), name="api-resume"),
    path("api/feeds/<int:feed_id>/pause", site.FeedPauseView.as_view(), name="feed-pause"),
    path("api/feeds/<int:feed_id>/resume", site.FeedResumeView.as_view(), name="feed-resume"),
    path("api/feeds/<int:feed_id>/speed", site.FeedSpeedView.as_view(), name="feed-speed"),
    path("api/jobs", site.JobListView.as_view(), name="api-jobs"),
    path("api/jobs/<uuid:job_id>", site.JobView.as_view(), name="api-job"),
    path("api/jobs/<uuid:job_id>/stop", site.JobStopView.as_view(), name="api-job-stop"),
    path("api/notifications", site.NotificationListView.as_view(), name="api-notifications"),
    path("api/notifications/read", site.NotificationsReadView.as_view(), name="api-notifications-read"),
    path("api/schema", site.SchemaView.as_view(), name="api-schema"),
    path("api/docs", site.DocsView.as_view(), name="api-docs"),
    re_path(r"^api/", site.NowhereView.as_view()),
]
