"""etiket: run, label, implementation, ensemble member."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fst24 import etiket
from fst24.etiket import Etiket

ALPHABET = st.text([chr(code) for code in range(32, 96)], max_size=12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R1ABCDEN", Etiket("R1", "ABCDE", "N", None, 1)),
        ("E1_612_N003", Etiket("E1", "_612_", "N", "003", 2)),
        ("R1ABCDEP0012", Etiket("R1", "ABCDE", "P", "0012", 3)),
        ("R1ABCDEXABC", Etiket("R1", "ABCDE", "X", "ABC", 4)),
        ("R1ABCDEXABCD", Etiket("R1", "ABCDE", "X", "ABCD", 5)),
        ("R1_V710_N", Etiket("R1", "_V710_", "N", None, 6)),
        ("R1_V710_N001", Etiket("R1", "_V710_", "N", "001", 7)),
        ("R1_V710_NALL", Etiket("R1", "_V710_", "N", "ALL", 7)),
        ("R1_V710_N01A", Etiket("R1", "_V710_", "N", "01A", 7)),
        ("G1", Etiket("G1", None, None, None, 8)),
        ("ANALYSE", Etiket("AN", "ALYSE", None, None, 9)),
        ("A B", Etiket("A ", "B", None, None, 9)),
        ("??", Etiket("??", None, None, None, 9)),
        ("A", Etiket(None, "A", None, None, 0)),
        ("", Etiket(None, None, None, None, 0)),
        ("R1AB DEN", Etiket("R1", "AB DEN", None, None, 9)),
    ],
)
def test_the_first_pattern_that_fits_the_whole_etiket_counts(text: str, expected: Etiket) -> None:
    assert etiket.parse(text) == expected
    assert etiket.parse(text.ljust(12)) == expected


@given(ALPHABET)
def test_no_character_is_lost(text: str) -> None:
    parts = etiket.parse(text)[:4]
    assert "".join(part or "" for part in parts) == text.rstrip(" ")


@given(st.lists(ALPHABET))
def test_columns_agree_with_the_scalar_function(texts: list[str]) -> None:
    columns = etiket.columns(texts)
    assert list(columns) == ["run", "label", "implementation", "ensemble_member"]
    for i, text in enumerate(texts):
        assert tuple(column[i] for column in columns.values()) == etiket.parse(text)[:4]


@given(
    st.from_regex(r"[A-Z0-9_]{2}", fullmatch=True),
    st.from_regex(r"[A-Z0-9_]{0,6}", fullmatch=True),
    st.sampled_from("NPX"),
    st.one_of(st.none(), st.from_regex(r"[0-9]{3}|ALL|[0-9]{2}[A-Z]", fullmatch=True)),
)
def test_what_is_encoded_is_read_back_or_refused(
    run: str, label: str, implementation: str, member: str | None
) -> None:
    try:
        text = etiket.encode(
            run=run, label=label, implementation=implementation, ensemble_member=member
        )
    except ValueError:
        # A label that ends in N, P or X before a letter and ALL is an older layout.
        assert member == "ALL"
        return
    expected = (run, label.ljust(6, "_"), implementation, member)
    assert etiket.parse(text)[:4] == expected


def test_what_is_not_given_is_filled_in() -> None:
    assert etiket.encode() == "________X"


@pytest.mark.parametrize(
    "part",
    [
        {"run": "R"},
        {"label": "TOOLONG"},
        {"implementation": "Q"},
        {"ensemble_member": "1"},
        {"label": "A B"},
        {"label": "abc"},
        {"label": "É"},
    ],
)
def test_a_part_that_does_not_fit_is_refused(part: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"etiket|would not be read back"):
        etiket.encode(**part)


def test_implementations_have_names() -> None:
    assert etiket.implementation_name("N") == "operational"
    assert etiket.implementation_name("X", "fr") == "expérimental"
    assert etiket.implementation_name("Q") is None
