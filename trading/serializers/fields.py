"""Fields of what is asked: numbers are the literal text sent, words come in either case."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from trading.terms import OrderType, term_parse

ID_MAXIMUM = 2**63 - 1
_SYMBOL = re.compile(r"[A-Za-z0-9.^=/_-]{1,40}")
_WHOLE = re.compile(r"-?[0-9]{1,18}")


@extend_schema_field(OpenApiTypes.STR)
class SymbolField(serializers.Field):
    """A symbol: letters, digits and ``. ^ = / _ -``."""

    default_error_messages = {"invalid": "A symbol has 1 to 40 letters, digits and . ^ = / _ - only."}

    def to_internal_value(self, data: Any) -> str:
        """Take the text as sent, without blanks around it."""
        if not isinstance(data, str) or not _SYMBOL.fullmatch(data.strip()):
            self.fail("invalid")
        return str(data).strip()

    def to_representation(self, value: str) -> str:
        """Return it as it is."""
        return value


class TermField(serializers.ChoiceField):
    """One of our words, in either case; STOP_LOSS is STOP."""

    def __init__(self, kind: type[StrEnum], **kwargs: Any) -> None:
        self.kind = kind
        aliases = ["STOP_LOSS"] if kind is OrderType else []
        super().__init__(choices=[*(term.value for term in kind), *aliases], **kwargs)

    def to_internal_value(self, data: Any) -> StrEnum:
        """Parse the word."""
        try:
            return term_parse(self.kind, data if isinstance(data, str) else "")
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid_choice") from error


class IdField(serializers.IntegerField):
    """The number of a row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=ID_MAXIMUM, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """Take whole numbers in plain digits only."""
        if isinstance(data, bool) or not _WHOLE.fullmatch(str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": "number"}, "example": {"fast": 10, "slow": 30}}
)
class ParametersField(serializers.DictField):
    """A strategy's parameters by name; what they may be is the strategy's to say."""

    child = serializers.CharField(max_length=40)
