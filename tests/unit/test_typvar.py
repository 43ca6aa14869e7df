"""typvar: kind of field and flags."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fst24 import typvar
from fst24.typvar import Flags

LETTERS = [chr(code) for code in range(32, 96)]


@pytest.mark.parametrize(
    ("second", "flag"),
    [
        ("F", "filtered"),
        ("I", "interpolated"),
        ("U", "unit_converted"),
        ("Z", "zapped"),
        ("M", "multiple_modifications"),
        ("B", "bounded"),
        ("H", "missing_data"),
        ("?", "missing_data"),
        ("@", "masked"),
        ("!", "ensemble_extra_info"),
    ],
)
def test_a_second_letter_sets_its_own_flag_alone(second: str, flag: str) -> None:
    flags = typvar.flags("P" + second)
    assert [name for name, value in flags._asdict().items() if value] == [flag]


def test_a_mask_is_not_a_masked_field() -> None:
    assert typvar.flags("@@") == Flags(masks=True)
    assert typvar.flags("!@") == Flags(masked=True)


@pytest.mark.parametrize("text", ["", "P", "P ", "PX", "@", "P@@", "  "])
def test_what_is_not_two_characters_with_a_meaning_has_no_flag(text: str) -> None:
    assert not any(typvar.flags(text))


def test_every_pair_of_the_alphabet_has_at_most_one_flag() -> None:
    for first, second in itertools.product(LETTERS, LETTERS):
        assert sum(typvar.flags(first + second)) <= 1


@given(st.sampled_from([c for c in LETTERS if c not in "@!"]), st.sampled_from(Flags._fields))
def test_one_flag_survives_encoding(first: str, name: str) -> None:
    flags = Flags()._replace(**{name: True})
    assert typvar.flags(typvar.encode(first, flags)) == flags


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (Flags(), "P "),
        (Flags(masked=True, ensemble_extra_info=True), "!@"),
        (Flags(masked=True, missing_data=True), "P@"),
        (Flags(masks=True, missing_data=True), "@@"),
        (Flags(missing_data=True, ensemble_extra_info=True), "PH"),
        (Flags(ensemble_extra_info=True, zapped=True), "P!"),
        (Flags(bounded=True, unit_converted=True), "PM"),
        (Flags(bounded=True), "PB"),
    ],
)
def test_the_first_of_several_flags_wins(flags: Flags, expected: str) -> None:
    assert typvar.encode("P", flags) == expected


@pytest.mark.parametrize("first", ["", "p", "PP", "é", "\n"])
def test_a_letter_that_the_format_cannot_keep_is_refused(first: str) -> None:
    with pytest.raises(ValueError, match="one upper case letter"):
        typvar.encode(first)


def test_kinds_have_a_name_in_both_languages() -> None:
    assert typvar.kind("P") == typvar.kind("PF") == "forecast"
    assert typvar.kind("P", "fr") == "prévision"
    assert typvar.kind("N@") == "number of members"
    assert typvar.kind("N") is None
    assert typvar.kind("") is None
    assert typvar.kind("Y") is None


@given(st.lists(st.text("PA@!FZ ", max_size=3)))
def test_columns_agree_with_the_scalar_function(typvars: list[str]) -> None:
    columns = typvar.columns(typvars)
    assert list(columns) == list(Flags._fields)
    for i, text in enumerate(typvars):
        assert Flags(*(column[i] for column in columns.values())) == typvar.flags(text)
