"""What programs ask, read strictly: a key that means nothing here is refused, never passed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


class Asked(serializers.Serializer[Any]):
    """A body whose every key must be known: a misspelt limit price must not become a market order."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what there is no such key for, by name."""
        if isinstance(data, Mapping) and (unknown := [str(name) for name in data if name not in self.fields]):
            known = ", ".join(self.fields)
            raise serializers.ValidationError({unknown[0][:60]: [f"There is no such key here; there are {known}."]})
        return super().to_internal_value(data)
