"""Wrong market settings are named by the system checks, and the lake's health by its probe."""

import pytest
from django.core.checks import run_checks

from marketdata.checks import probe_lake
from marketdata.services import bars_ingest
from operations.probes import Status


def found():
    return {message.id for message in run_checks() if message.id.startswith("marketdata.")}


def test_the_defaults_are_right(lake_folder):
    assert found() == set()


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("LAKE_URL", "", "marketdata.E001"),
        ("LAKE_URL", "s3://", "marketdata.E001"),
        ("LAKE_URL", "ftp://host/lake", "marketdata.E001"),
        ("LAKE_URL", "/dev/null/lake", "marketdata.E002"),
        ("PANEL_DIR", "/dev/null/panels", "marketdata.E003"),
        ("MARKETDATA_PROVIDERS", {"mine": "nowhere.Provider"}, "marketdata.E004"),
        ("QUOTE_SOURCE", "crystal-ball", "marketdata.E005"),
        ("MARKETDATA_FEED_RESOLVER", "nowhere.resolver", "marketdata.E006"),
        ("MARKETDATA_FEED_RESOLVER", "marketdata.feeds.replay.SPEEDS", "marketdata.E006"),
    ],
)
def test_a_wrong_value_is_named(lake_folder, settings, name, value, code):
    setattr(settings, name, value)
    assert code in found()


def test_an_object_store_is_a_right_lake(lake_folder, settings):
    settings.LAKE_URL = "s3://bucket/lake"
    assert found() == set()


@pytest.mark.django_db
def test_the_probe_tells_an_empty_a_good_and_a_lost_lake(lake_folder, settings, a_frame):
    assert probe_lake().status == Status.WARNING
    bars_ingest(frame=a_frame(), provider="test")
    assert probe_lake().status == Status.OK
    settings.LAKE_URL = str(lake_folder / "elsewhere")
    assert probe_lake().status == Status.FAILING
