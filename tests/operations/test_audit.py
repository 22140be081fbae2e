"""The chain of codes: every kind of tampering shows. Pure."""

from dataclasses import replace

import pytest

from operations.audit import GENESIS, Head, Record, chain_breaks, head_code, record_code

KEY = b"k" * 32


def chain(length: int) -> tuple[list[Record], Head]:
    records, previous = [], GENESIS
    for number in range(1, length + 1):
        content = {"action": "act", "after": {"n": number}}
        code = record_code(KEY, stream="site", number=number, content=content, previous=previous)
        records.append(Record("site", number, content, previous, code))
        previous = code
    return records, Head("site", length, previous, head_code(KEY, stream="site", number=length, last=previous))


def reasons(records: list[Record], head: Head | None, key: bytes = KEY) -> list[str]:
    return [found.reason for found in chain_breaks(key, "site", records, head)]


@pytest.mark.parametrize("length", [0, 1, 5])
def test_an_untouched_chain_holds(length: int) -> None:
    assert reasons(*chain(length)) == []


def test_a_changed_record_shows() -> None:
    records, head = chain(3)
    records[1] = replace(records[1], content={"action": "act", "after": {"n": 99}})
    assert reasons(records, head) == ["was changed after it was written"]


def test_a_deleted_record_shows() -> None:
    records, head = chain(3)
    del records[1]
    assert reasons(records, head) == ["number 2 is missing before this record"]


def test_an_inserted_record_shows() -> None:
    records, head = chain(3)
    records.insert(1, replace(records[1], content={"action": "forged"}))
    assert "was changed after it was written" in reasons(records, head)


def test_two_records_that_change_places_show() -> None:
    records, head = chain(3)
    first, second = records[0], records[1]
    records[0], records[1] = replace(second, number=1), replace(first, number=2)
    assert len(reasons(records, head)) >= 2


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_cut_tail_shows(kept: int) -> None:
    """Seen red without the head row: what remains is a valid chain."""
    records, head = chain(3)
    assert reasons(records[:kept], head) == ["the records up to number 3 are missing"]


def test_a_head_set_back_without_the_key_shows() -> None:
    records, head = chain(3)
    forged = replace(head, number=2, last=records[1].code)
    assert reasons(records[:2], forged) == ["the head of the stream was changed"]


def test_a_missing_head_and_records_behind_the_head_show() -> None:
    records, _ = chain(3)
    assert reasons(records, None) == ["the head of the stream is missing"]
    _, short = chain(2)
    assert reasons(records, short) == ["records were added behind the head"]


def test_a_tail_written_anew_with_the_same_numbers_shows() -> None:
    records, head = chain(2)
    other = record_code(KEY, stream="site", number=2, content={"action": "other"}, previous=records[0].code)
    records[1] = Record("site", 2, {"action": "other"}, records[0].code, other)
    assert reasons(records, head) == ["the last record is not the one the head names"]


def test_another_key_proves_nothing() -> None:
    assert len(reasons(*chain(2), key=b"x" * 32)) == 3
