"""Panels: what they hold, that they appear whole, and that two builders do not meet."""

import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from marketdata import panels
from marketdata.bars import FIELDS
from marketdata.lake import Lake
from operations.errors import NotFound, Unavailable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lake(tmp_path, a_frame):
    """Two symbols; BBB is listed three sessions after AAA and misses one day."""
    frame = pd.concat([a_frame(["AAA"]), a_frame(["BBB"], start="2006-06-15", count=5).drop(index=2)])
    lake = Lake(str(tmp_path / "lake"))
    lake.upsert(
        frame.assign(calendar="XNYS", adjustment=1.0, source="test", ingested_at=pd.Timestamp("2026-01-01", tz="UTC"))
    )
    yield lake
    panels.panels_forget()


def opened(lake, tmp_path):
    return panels.panel_open(tmp_path / "panels", lake, lake.current(), "XNYS")


def test_a_panel_is_sessions_by_symbols_with_gaps_left_open(lake, tmp_path):
    panel = opened(lake, tmp_path)
    assert panel.symbols == ("AAA", "BBB")
    assert panel.times[[0, -1]].astype(str).tolist() == ["2006-06-12", "2006-06-23"]
    assert panel.close[:, 0].tolist() == [100.5 + n for n in range(10)]
    assert np.flatnonzero(~np.isnan(panel.close[:, 1])).tolist() == [3, 4, 6, 7]
    for name in FIELDS:
        assert (np.isnan(getattr(panel, name)) == np.isnan(panel.close)).all()


def test_a_panel_is_mapped_read_only_and_remembered(lake, tmp_path):
    panel = opened(lake, tmp_path)
    with pytest.raises(ValueError, match="read-only"):
        panel.close[0, 0] = 1.0
    assert opened(lake, tmp_path) is panel
    panels.panels_forget()
    assert opened(lake, tmp_path) is not panel


def test_a_later_version_has_a_panel_of_its_own(lake, tmp_path, a_frame):
    """A running replay keeps reading the panel of its version."""
    old = opened(lake, tmp_path)
    more = a_frame(["AAA"], count=1).assign(
        close=100.9, calendar="XNYS", adjustment=1.0, source="x", ingested_at=pd.Timestamp("2026-01-01", tz="UTC")
    )
    lake.upsert(more)
    assert opened(lake, tmp_path).close[0, 0] == 100.9
    assert old.close[0, 0] == 100.5


def test_few_panels_are_kept_open(lake, tmp_path, monkeypatch):
    monkeypatch.setattr(panels, "KEPT_OPEN", 2)
    for name in "abc":
        panels.panel_open(tmp_path / name, lake, lake.current(), "XNYS")
    assert len(panels._open) == 2


def test_a_calendar_without_bars_has_no_panel(lake, tmp_path):
    with pytest.raises(NotFound):
        panels.panel_open(tmp_path / "panels", lake, lake.current(), "XHKG")


def test_bars_off_the_calendar_are_refused(lake):
    """Seen red without the check: the bar of a Saturday landed on the Monday after it."""
    rows = lake.read(lake.current().version)
    days = rows["time"].to_numpy().copy()
    days[2] = np.datetime64("2006-06-17")
    with pytest.raises(Unavailable, match="no sessions"):
        panels.panel_from_rows(rows.set_column(2, "time", [days]), "XNYS")


BUILDER = """
    import os, signal, sys
    from pathlib import Path
    from marketdata import panels
    from marketdata.lake import Lake

    def die(*args):
        os.kill(os.getpid(), signal.SIGKILL)

    if sys.argv[3] == "killed":
        panels.{where} = die
    lake = Lake(sys.argv[1])
    panels.panel_open(Path(sys.argv[2]), lake, lake.current(), "XNYS")
"""


@pytest.mark.parametrize("where", ["_publish", "os.fsync", "json.dumps"])
def test_a_builder_killed_in_the_middle_leaves_no_panel_behind(lake, tmp_path, where):
    """Killed after some of the files, before the last, and before the rename.

    Seen red with the files written straight into the panel's own folder: the next reader found half of them.
    """
    arguments = [sys.executable, "-c", textwrap.dedent(BUILDER.format(where=where)), str(tmp_path / "lake")]
    killed = subprocess.run([*arguments, str(tmp_path / "panels"), "killed"], cwd=ROOT, check=False)
    assert killed.returncode == -9
    folder = tmp_path / "panels" / "1d"
    assert [path.name[:10] for path in folder.iterdir()] == [".building-"]
    assert opened(lake, tmp_path).n_assets == 2


def test_what_a_killed_builder_left_is_cleared_later(lake, tmp_path, monkeypatch):
    left = tmp_path / "panels" / "1d" / ".building-dead"
    left.mkdir(parents=True)
    (left / "open.npy").write_bytes(b"half")
    monkeypatch.setattr(panels, "ABANDONED_AFTER_S", -1.0)
    opened(lake, tmp_path)
    assert not left.exists()


def test_processes_that_build_at_once_end_with_one_whole_panel(lake, tmp_path):
    """Seen red with a rename that raises when the folder is there: one of the builders failed."""
    code = textwrap.dedent(BUILDER.format(where="unused"))
    arguments = [sys.executable, "-c", code, str(tmp_path / "lake"), str(tmp_path / "panels"), "whole"]
    builders = [subprocess.Popen(arguments, cwd=ROOT) for _ in range(3)]
    assert [builder.wait() for builder in builders] == [0, 0, 0]
    assert len(list((tmp_path / "panels" / "1d").iterdir())) == 1


def test_threads_that_build_at_once_all_get_the_panel(lake, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: opened(lake, tmp_path).close[0, 0], range(4)))
    assert found == [100.5] * 4


def test_a_folder_that_cannot_be_written_is_one_sentence(lake, tmp_path):
    (tmp_path / "panels").write_text("a file")
    with pytest.raises(Unavailable, match="cannot be written"):
        opened(lake, tmp_path)
