"""Every route of the site: pages, programs, sign-in, admin."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("sign-in/", include("allauth.urls"))]
for _module in ("users.urls", "marketdata.urls", "portfolio.urls", "trading.urls", "backtests.urls", "quantsite.urls_api", "quantsite.urls_pages"):
    if find_spec(_module):
        urlpatterns.append(path("", include(_module)))
