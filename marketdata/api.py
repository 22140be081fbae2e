"""Quotes, history, market status, instruments and feeds for programs.

What is visible is ruled by a feed's clock: the one that MARKETDATA_FEED_RESOLVER finds for the request (a room above
this one knows accounts), else the feed named by `feed`, else the current one. Who may steer a feed is known above too.
"""

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketdata import selectors
from marketdata.filters import InstrumentFilter
from marketdata.models import Feed, Instrument
from marketdata.serializers import (
    FeedSerializer,
    HistoryQuery,
    HistorySerializer,
    InstrumentSerializer,
    MarketStatusSerializer,
    QuoteSerializer,
    history_render,
    quote_render,
    status_render,
)
from operations.errors import InvalidInput, Unavailable

FEED = OpenApiParameter("feed", int, description="Feed whose clock rules; the default account's if left out.")
ACCOUNT = OpenApiParameter("account", int, description="Account whose feed's clock rules.")


def feed_for(request: Request) -> Feed | None:
    """The feed whose clock rules this request; None before any feed was made."""
    if named := request.query_params.get("feed"):
        return selectors.feed_get(_number(named))
    resolver = getattr(settings, "MARKETDATA_FEED_RESOLVER", None)
    found = import_string(resolver)(request) if resolver else None
    return found or selectors.feed_current()


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidInput("FEED_MALFORMED", "A feed is named by its number.", feed=text[:40])
    return int(text)


class QuoteView(APIView):
    """The price of one symbol."""

    @extend_schema(
        parameters=[ACCOUNT, FEED, OpenApiParameter("source", str, enum=["feed", "live"])],
        responses=QuoteSerializer,
        examples=[
            OpenApiExample(
                "A replayed quote",
                value={
                    "success": True,
                    "symbol": "XYZ",
                    "price": 57.2,
                    "bid": 57.2,
                    "ask": 57.2,
                    "volume": 25000000.0,
                    "timestamp": "2006-06-19T20:00:00Z",
                    "source": "replay",
                    "bars_old": 0,
                    "currency": "USD",
                },
            )
        ],
    )
    def get(self, request: Request, symbol: str) -> Response:
        """The latest price by the feed's clock, or with `source=live` from the live provider."""
        instrument = selectors.instrument_get(symbol)
        if request.query_params.get("source") == "live":
            quote = selectors.quote_live_get(symbol=symbol)
        elif (feed := feed_for(request)) is not None:
            quote = selectors.quote_get(instrument=instrument, feed=feed)
        else:
            raise Unavailable("NO_FEED", "There is no feed yet; ask an operator to create one.")
        return Response(quote_render(quote, instrument.currency))


class HistoryView(APIView):
    """The bars of one symbol."""

    @extend_schema(
        parameters=[HistoryQuery, ACCOUNT, FEED],
        responses=HistorySerializer,
        examples=[
            OpenApiExample(
                "One bar",
                value={
                    "success": True,
                    "symbol": "XYZ",
                    "interval": "1d",
                    "period": "1D",
                    "count": 1,
                    "data": [
                        {
                            "date": "2006-06-19",
                            "open": 57.8,
                            "high": 58.2,
                            "low": 57.0,
                            "close": 57.2,
                            "volume": 25000000.0,
                        }
                    ],
                },
            )
        ],
    )
    def get(self, request: Request, symbol: str) -> Response:
        """Finished bars up to the feed's clock; one year unless a period or dates are given."""
        query = HistoryQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = {name: value for name, value in query.validated_data.items() if name != "interval"}
        wanted = asked or {"period": "1Y"}
        panel = selectors.history_get(symbol=symbol, feed=feed_for(request), **wanted)
        return Response(history_render(panel, wanted.get("period")))


class MarketStatusView(APIView):
    """Open or closed."""

    @extend_schema(
        parameters=[ACCOUNT, FEED, OpenApiParameter("calendar", str)],
        responses=MarketStatusSerializer,
        examples=[
            OpenApiExample(
                "Open",
                value={
                    "success": True,
                    "calendar": "XNYS",
                    "is_open": True,
                    "status": "open",
                    "early_close": False,
                    "session_on": "2006-06-19",
                    "market_time": "2006-06-19T13:30:00Z",
                    "next_open": "2006-06-20T13:30:00Z",
                    "next_close": "2006-06-19T20:00:00Z",
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """The status of the feed's calendar, or of the one named, by the feed's clock."""
        feed = feed_for(request)
        replay = feed is not None and feed.kind == Feed.Kind.REPLAY
        at = feed.market_time if feed is not None and replay else timezone.now()
        calendar = request.query_params.get("calendar") or (feed.calendar if feed else "XNYS")
        return Response(status_render(selectors.market_status_get(calendar=calendar, at=at), at))


class InstrumentListView(generics.ListAPIView[Instrument]):
    """Every instrument, by symbol."""

    queryset = selectors.instruments()
    serializer_class = InstrumentSerializer
    filterset_class = InstrumentFilter


class InstrumentView(APIView):
    """One instrument."""

    @extend_schema(responses=InstrumentSerializer, parameters=[OpenApiParameter("exchange", str)])
    def get(self, request: Request, symbol: str) -> Response:
        """The instrument of a symbol; name the exchange where several list it."""
        instrument = selectors.instrument_get(symbol, request.query_params.get("exchange"))
        return Response(InstrumentSerializer(instrument).data)


class FeedListView(APIView):
    """The feeds of this site."""

    @extend_schema(responses=FeedSerializer(many=True), operation_id="feeds_list")
    def get(self, request: Request) -> Response:
        """Every feed, newest first."""
        return Response([selectors.feed_payload(feed) for feed in selectors.feeds()[:100]])


class FeedView(APIView):
    """One feed."""

    @extend_schema(responses=FeedSerializer)
    def get(self, request: Request, feed_id: int) -> Response:
        """The feed and its clock."""
        return Response(selectors.feed_payload(selectors.feed_get(feed_id)))
