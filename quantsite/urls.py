"""Every route of the site: pages, programs, sign-in, admin."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sign-in/", include("allauth.urls")),
    path("", include("users.urls")),
    path("", include("marketdata.urls")),
    path("", include("portfolio.urls")),
    path("", include("trading.urls")),
    path("", include("backtests.urls")),
    path("", include("quantsite.urls_api")),
    path("", include("quantsite.urls_pages")),
]

handler400 = "quantsite.views.bad_request"
handler500 = "quantsite.views.server_error"
