"""Filters of the market's lists."""

import django_filters
from django.db.models import QuerySet

from marketdata.models import Instrument
from marketdata.selectors import search


class InstrumentFilter(django_filters.FilterSet):
    """`?q=app&currency=USD&tradable=true`."""

    q = django_filters.CharFilter(method="by_text", label="Beginning of the symbol, or part of the name")

    class Meta:
        model = Instrument
        fields = ["symbol", "exchange", "kind", "currency", "calendar", "tradable"]

    def by_text(self, queryset: QuerySet[Instrument], name: str, value: str) -> QuerySet[Instrument]:
        """Instruments that match the text."""
        return queryset & search(value)
