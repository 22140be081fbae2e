"""Exact decimals on both databases, and the constraint that keeps them within bounds.

`ExactDecimalField` is numeric(20, 8) on PostgreSQL and a 64-bit integer of 1e-8 units on SQLite,
which has no exact decimal of its own. Sums, minima, maxima, sums and differences of columns, and
comparisons are exact on both. Products and averages are computed in Python: on SQLite they would
carry another scale, so they are refused.
"""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import FieldError, ValidationError
from django.db import models
from django.db.models import lookups
from django.db.models.expressions import CombinedExpression, Value, register_combinable_fields
from django.db.models.lookups import Lookup
from django.db.models.sql.where import WhereNode

from operations.canonical import decimal_text
from operations.errors import InvalidInput

PLACES = 8
STEP = Decimal(1).scaleb(-PLACES)
LIMIT = Decimal(90_000_000_000)
_TEXT = re.compile(r"-?[0-9]{1,11}(\.[0-9]{1,8})?")


def exact_decimal(value: Any) -> Decimal:
    """`value` (Decimal, int, or plain decimal text) as a Decimal of exactly 8 places; never rounded.

    Raises ValueError, whose words are fit for people, for anything else: floats, NaN, infinity,
    more than 8 decimals, 9e10 and beyond.
    """
    number = _number(value)
    if not number.is_finite():
        raise ValueError("Enter a finite number.")
    if abs(number) > LIMIT:
        raise ValueError("Enter a number below 90,000,000,000.")
    try:
        exact = number.quantize(STEP)
    except InvalidOperation as error:
        raise ValueError("Enter a number with at most 8 decimal places.") from error
    if exact != number:
        raise ValueError("Enter a number with at most 8 decimal places.")
    return exact + Decimal(0)


def exact_bounds(field_name: str, *, prefix: str, minimum: Decimal | int | None = None) -> models.CheckConstraint:
    """The CHECK of one exact column: below 9e10 on both sides, and not below `minimum` if given.

    The upper bound is also what keeps NaN out: in PostgreSQL NaN is greater than every number.
    """
    lower = {f"{field_name}__gt": -LIMIT} if minimum is None else {f"{field_name}__gte": minimum}
    return models.CheckConstraint(
        condition=models.Q(**lower) & models.Q(**{f"{field_name}__lt": LIMIT}),
        name=f"{prefix}_{field_name}_bounds",
    )


class ExactDecimalField(models.Field):
    """A decimal of 8 places below 9e10, stored and compared exactly."""

    description = "Exact decimal (8 places)"
    empty_strings_allowed = False

    def db_type(self, connection: Any) -> str:
        return "bigint" if connection.vendor == "sqlite" else f"numeric(20, {PLACES})"

    def to_python(self, value: Any) -> Decimal | None:
        if value is None:
            return None
        try:
            return exact_decimal(value)
        except ValueError as error:
            raise ValidationError(str(error), code="invalid", params={"value": value}) from error

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if value is None or hasattr(value, "resolve_expression"):
            return value
        try:
            return exact_decimal(value)
        except ValueError as error:
            raise InvalidInput("NUMBER_INVALID", f"{self.name}: {error}", field=self.name, value=str(value)) from error

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if not prepared or not isinstance(value, Decimal):
            value = self.get_prep_value(value)
        if isinstance(value, Decimal) and connection.vendor == "sqlite":
            return int(value.scaleb(PLACES))
        return value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        if not isinstance(value, int):
            raise TypeError(f"{expression!r} is not exact on SQLite: compute it in Python")
        return Decimal(value).scaleb(-PLACES)

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        refuse_unscaled(value)
        return "%s"

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else decimal_text(exact_decimal(value))

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(
            **{"form_class": forms.DecimalField, "max_digits": 11 + PLACES, "decimal_places": PLACES, **kwargs}
        )


def refuse_unscaled(expression: Any) -> None:
    """Raise FieldError when an expression mixes an exact column with a plain number, or multiplies it.

    SQLite would add a plain number in units of 1e-8, silently: say
    `Value(amount, output_field=ExactDecimalField())`.
    """
    for node in _arithmetic(expression):
        if isinstance(node, CombinedExpression) and node.connector not in (
            CombinedExpression.ADD,
            CombinedExpression.SUB,
        ):
            raise FieldError(f"'{node.connector}' of exact columns is computed in Python, not in SQL")
        if isinstance(node, Value) and not _is_exact(node):
            raise FieldError(f"give {node.value!r} as Value(…, output_field=ExactDecimalField())")


def _is_exact(value: Value) -> bool:
    return value.value is None or isinstance(getattr(value, "_output_field_or_none", None), ExactDecimalField)


def _arithmetic(expression: Any) -> Iterator[Any]:
    if not hasattr(expression, "get_source_expressions") or isinstance(expression, Lookup | WhereNode):
        return
    yield expression
    for source in expression.get_source_expressions():
        yield from _arithmetic(source)


def _number(value: Any) -> Decimal:
    if isinstance(value, bool | float):
        raise ValueError("Enter a decimal number, not a binary one.")
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, str) and _TEXT.fullmatch(value):
        return Decimal(value)
    raise ValueError("Enter a plain decimal number such as 12.5.")


class _Guarded:
    """A comparison whose right side may be an expression, and then only an exact one."""

    def get_prep_lookup(self) -> Any:
        refuse_unscaled(self.rhs)  # type: ignore[attr-defined]  # a mixin of Lookup
        return super().get_prep_lookup()  # type: ignore[misc]  # a mixin of Lookup


for _lookup in (
    lookups.Exact,
    lookups.GreaterThan,
    lookups.GreaterThanOrEqual,
    lookups.LessThan,
    lookups.LessThanOrEqual,
):
    ExactDecimalField.register_lookup(type(f"ExactDecimal{_lookup.__name__}", (_Guarded, _lookup), {}))

for _connector in (CombinedExpression.ADD, CombinedExpression.SUB):
    register_combinable_fields(ExactDecimalField, _connector, ExactDecimalField, ExactDecimalField)
