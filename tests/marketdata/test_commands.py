"""The market commands: a report in sentences, and one sentence when something is wrong."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from marketdata import selectors
from marketdata.models import IngestRun

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lake_folder")]


@pytest.fixture
def bars(a_frame, tmp_path):
    path = tmp_path / "bars.csv"
    frame = a_frame(["AAA", "BRK.B"])
    frame.loc[3, "close"] = 1000.0
    frame.to_csv(path, index=False)
    return path


def test_a_file_is_ingested_and_reported(bars, capsys):
    call_command("ingest_bars", str(bars), "--tick", "0.01", "--exchange", "XNYS")
    told = capsys.readouterr().out
    assert "20 rows read, 19 accepted for 2 symbols: 19 new, 0 changed, 0 as before, 1 set aside." in told
    assert "row 4: AAA 2006-06-15: high is below another price" in told
    assert selectors.instrument_get("BRK.B").exchange == "XNYS"
    assert IngestRun.objects.get().source == "bars.csv"


def test_columns_are_mapped_by_name(a_frame, tmp_path, capsys):
    path = tmp_path / "own.csv"
    a_frame().rename(columns={"close": "Last", "time": "Day"}).drop(columns="symbol").to_csv(path, index=False)
    call_command("ingest_bars", str(path), "--symbol", "AAA", "--column", "Last=close")
    assert "10 new" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Name a file"),
        (["nowhere.csv"], "There is no file nowhere.csv"),
        (["{bars}", "--calendar", "NOPE"], "no exchange calendar called 'NOPE'"),
        (["{bars}", "--tick", "abc"], "--tick abc is not a number"),
        (["{bars}", "--tick", "-1"], "--tick -1 is not above 0"),
        (["{bars}", "--symbol", "AAA"], "names its symbols itself"),
        (["{bars}", "--symbol", "A", "--symbol", "B"], "one --symbol"),
        (["{bars}", "--column", "x"], "THEIRS=OURS"),
        (["--provider", "nope"], "no provider nope"),
        (["--provider", "yfinance"], "offers no catalogue"),
        (["--provider", "sample", "--symbol", "XYZ"], "no XYZ"),
    ],
)
def test_what_is_wrong_is_one_sentence(bars, arguments, words):
    with pytest.raises(CommandError, match=words) as failed:
        call_command("ingest_bars", *[argument.format(bars=bars) for argument in arguments])
    assert "\n" not in str(failed.value)


def test_one_symbol_of_a_provider(capsys):
    call_command("ingest_bars", "--provider", "sample", "--symbol", "FB")
    assert "196 new" in capsys.readouterr().out


def test_the_sample_market_loads_twice_without_a_change(capsys):
    call_command("load_sample_market")
    call_command("load_sample_market")
    assert "0 new, 0 changed, 12154 as before" in capsys.readouterr().out
