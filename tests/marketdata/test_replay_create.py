"""The command that makes a replay: where it waits, and one sentence for what cannot be."""

import pytest
from django.core.management import CommandError, call_command

from marketdata.models import Feed


def test_a_replay_waits_at_the_date_and_is_current(world, capsys):
    call_command("replay_create", start="2010-03-13", speed=20, name="Spring")
    made = Feed.objects.get(name="Spring")
    assert (str(made.start_on), made.state, made.speed, made.is_current) == ("2010-03-15", "waiting", 20, True)
    world.feed.refresh_from_db()
    assert not world.feed.is_current
    assert "waits at 2010-03-15" in capsys.readouterr().out


def test_it_may_stand_beside_the_current_one(world):
    call_command("replay_create", "--start", "2010-03-15", "--not-current")
    assert Feed.objects.get(is_current=True) == world.feed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--start", "soon"], "is no date"),
        (["--start", "2039-01-03"], "no bars"),
        (["--start", "2010-03-15", "--calendar", "MARS"], "MARS"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(world, arguments, words):
    with pytest.raises(CommandError, match=words):
        call_command("replay_create", *arguments)
