"""Routes of the market room. Symbols are path segments that may hold slashes."""

from django.urls import path

from marketdata import api

urlpatterns = [
    path("api/quote/<path:symbol>", api.QuoteView.as_view(), name="quote"),
    path("api/history/<path:symbol>", api.HistoryView.as_view(), name="history"),
    path("api/market/status", api.MarketStatusView.as_view(), name="market-status"),
    path("api/instruments", api.InstrumentListView.as_view(), name="instruments"),
    path("api/instruments/<path:symbol>", api.InstrumentView.as_view(), name="instrument"),
    path("api/feeds", api.FeedListView.as_view(), name="feeds"),
    path("api/feeds/<int:feed_id>", api.FeedView.as_view(), name="feed"),
]
