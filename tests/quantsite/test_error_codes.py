"""The page of error codes says what the code raises."""

import pytest
from django.core.management import CommandError, call_command

from quantsite.management.commands import error_codes


def test_the_page_is_current(capsys):
    """Seen red by adding a code without writing the page again."""
    call_command("error_codes", "--check")
    assert "is current" in capsys.readouterr().out


def test_a_page_out_of_date_is_told(monkeypatch, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("old", encoding="utf-8")
    monkeypatch.setattr(error_codes, "PAGE", page)
    with pytest.raises(CommandError, match="out of date"):
        call_command("error_codes", "--check")
