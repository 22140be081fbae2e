"""The exact decimal column: nothing is lost, rounded, or silently mixed."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, Max, Min, Sum, Value
from hypothesis import given
from hypothesis import strategies as st

from operations.errors import InvalidInput
from operations.fields import ExactDecimalField, exact_bounds, exact_decimal

BIG = Decimal("12345678901.12345678")


class Purse(models.Model):
    name = models.CharField(max_length=20)
    gold = ExactDecimalField(default=Decimal(0))
    silver = ExactDecimalField(null=True, blank=True)

    class Meta:
        app_label = "tests_operations"
        constraints = [
            exact_bounds("gold", prefix="purse", minimum=Decimal(-5)),
            exact_bounds("silver", prefix="purse"),
        ]

    def __str__(self) -> str:
        return self.name


@pytest.fixture(scope="module")
def _table(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The table, made outside the tests' transactions: SQLite alters no schema inside one."""
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        editor.create_model(Purse)
    yield
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        editor.delete_model(Purse)


@pytest.fixture
def purses(_table: None, db: None) -> Any:
    return Purse.objects


@pytest.mark.parametrize("text", ["0", "-5", "0.00000001", "12345678901.12345678", "-4.5", "1.10000000"])
def test_what_is_written_is_read(purses: Any, text: str) -> None:
    stored = purses.create(name="a", gold=text)
    stored.refresh_from_db()
    assert stored.gold == Decimal(text)
    assert isinstance(stored.gold, Decimal)
    assert purses.get(gold=Decimal(text)) == stored


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        True,
        "NaN",
        "Infinity",
        "1e3",
        "1_000",
        "١",
        "1\n",
        "",
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("0.000000001"),
        Decimal("90000000000.00000001"),
        "123456789012",
        object(),
    ],
)
def test_what_is_not_an_exact_decimal_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="Enter"):
        exact_decimal(value)
    with pytest.raises(ValidationError):
        ExactDecimalField(name="gold").to_python(value)
    with pytest.raises(InvalidInput):
        ExactDecimalField(name="gold").get_prep_value(value)


@given(st.integers(min_value=-9 * 10**18, max_value=9 * 10**18))
def test_every_multiple_of_the_step_is_exact(units: int) -> None:
    value = Decimal(units).scaleb(-8)
    assert exact_decimal(value) == value
    assert exact_decimal(format(value, "f")) == value


def test_minus_zero_is_zero() -> None:
    assert str(exact_decimal(Decimal("-0"))) == "0E-8"


def test_aggregates_are_exact(purses: Any) -> None:
    """Seen red with REAL columns: the sum lost its last digits."""
    purses.create(name="a", gold=BIG, silver=Decimal("0.1"))
    purses.create(name="b", gold=Decimal("0.00000001"), silver=Decimal("0.2"))
    found = purses.aggregate(total=Sum("gold"), low=Min("gold"), high=Max("gold"), silver=Sum("silver"))
    assert found == {
        "total": BIG + Decimal("0.00000001"),
        "low": Decimal("0.00000001"),
        "high": BIG,
        "silver": Decimal("0.3"),
    }
    assert purses.none().aggregate(total=Sum("gold", default=Decimal(0))) == {"total": Decimal(0)}
    assert purses.filter(name="x").aggregate(total=Sum("gold", default=Decimal("1.5"))) == {"total": Decimal("1.5")}


def test_columns_add_and_subtract(purses: Any) -> None:
    purses.create(name="a", gold=BIG, silver=Decimal("0.00000001"))
    row = purses.annotate(more=F("gold") + F("silver"), less=F("gold") - F("silver")).get()
    assert row.more == BIG + Decimal("0.00000001")
    assert row.less == BIG - Decimal("0.00000001")
    assert purses.aggregate(net=Sum(F("gold") - F("silver")))["net"] == row.less


def test_comparisons_ordering_and_membership(purses: Any) -> None:
    for name, gold in (("a", "9"), ("b", "10"), ("c", "-1.5")):
        purses.create(name=name, gold=gold, silver=Decimal(1))
    assert list(purses.order_by("gold").values_list("name", flat=True)) == ["c", "a", "b"]
    assert purses.filter(gold__gt=Decimal("9")).count() == 1
    assert purses.filter(gold__gte=9, gold__lte="10").count() == 2
    assert purses.filter(gold__in=[Decimal("9"), 10]).count() == 2
    assert purses.filter(gold__range=(Decimal(-2), Decimal(0))).count() == 1
    assert purses.filter(gold__gt=F("silver") + F("silver")).count() == 2
    assert purses.filter(silver__isnull=False).count() == 3


def test_update_by_expression(purses: Any) -> None:
    purses.create(name="a", gold=Decimal(1), silver=Decimal("0.5"))
    purses.update(gold=F("gold") + Value(Decimal("0.25"), output_field=ExactDecimalField()) - F("silver"))
    assert purses.get().gold == Decimal("0.75")


@pytest.mark.parametrize(
    "expression",
    [F("gold") + Decimal(1), F("gold") + 1, F("gold") * 2, F("gold") * F("silver"), -F("gold")],
    ids=["decimal", "integer", "times", "product", "negative"],
)
def test_update_with_a_plain_number_is_refused(purses: Any, expression: Any) -> None:
    """Seen red without the guard: on SQLite `gold + 1` added 0.00000001."""
    purses.create(name="a", gold=Decimal(1), silver=Decimal(1))
    with pytest.raises(FieldError), transaction.atomic():
        purses.update(gold=expression)
    with pytest.raises(FieldError), transaction.atomic():
        purses.filter(gold__gt=expression).exists()


def test_averages_and_products_never_come_back_wrong(purses: Any) -> None:
    purses.create(name="a", gold=Decimal(3), silver=Decimal(2))
    with pytest.raises(FieldError):
        purses.annotate(x=F("gold") * F("silver")).get()
    if connection.vendor == "sqlite":
        with pytest.raises(TypeError, match="Python"):
            purses.aggregate(x=models.Avg("gold"))


@pytest.mark.parametrize("bad", [Decimal("-5.00000001"), Decimal(90_000_000_000)])
def test_the_database_itself_keeps_the_bounds(purses: Any, bad: Decimal) -> None:
    purses.create(name="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        purses.update(gold=bad)
    with pytest.raises(ValidationError):
        Purse(name="b", gold=bad).full_clean()


def test_the_database_refuses_nan(purses: Any) -> None:
    """Seen red on PostgreSQL with the lower bound alone: NaN is greater than every number there."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no NaN in an integer column")
    purses.create(name="a")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {Purse._meta.db_table} SET gold = 'NaN'")


def test_null_stays_null(purses: Any) -> None:
    purses.create(name="a")
    assert purses.get().silver is None
    assert purses.aggregate(total=Sum("silver"))["total"] is None


def test_bulk_create_and_bulk_update(purses: Any) -> None:
    rows = purses.bulk_create([Purse(name=str(n), gold=Decimal(n) / 8) for n in range(5)])
    for row in rows:
        row.gold += Decimal("0.00000001")
    purses.bulk_update(rows, ["gold"])
    assert purses.aggregate(total=Sum("gold"))["total"] == Decimal("1.25000005")


def test_values_serialise_as_plain_text(purses: Any) -> None:
    assert Purse._meta.get_field("gold").value_to_string(Purse(gold=Decimal("1.50"))) == "1.5"


def test_form_field_takes_eight_places() -> None:
    field = Purse._meta.get_field("gold").formfield()
    assert field.clean("1.12345678") == Decimal("1.12345678")
    with pytest.raises(ValidationError):
        field.clean("1.123456789")
