"""Exact amounts on the wire: plain decimal text in, plain decimal text out."""

import re
from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from operations.canonical import decimal_text

# [0-9] and fullmatch: \d takes other scripts' digits, $ a newline.
_TEXT = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,8})?")


@extend_schema_field(OpenApiTypes.DECIMAL)
class ExactDecimalField(serializers.Field):
    """A decimal of at most ten digits and eight decimals, as the caller wrote it; never rounded."""

    default_error_messages = {"invalid": "Enter a plain decimal number such as 12.5, at most 8 decimals."}

    def to_internal_value(self, data: Any) -> Decimal:
        """Parse the literal as sent."""
        if not isinstance(data, str) or not _TEXT.fullmatch(data):
            self.fail("invalid")
        return Decimal(data)

    def to_representation(self, value: Decimal) -> str:
        """Render without exponent or trailing zeros."""
        return decimal_text(value)
