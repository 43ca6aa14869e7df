"""Directives of editfst, as decks have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24
from fst24.cli._directives import DirectiveError, read_directives

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAMP = 473303600  # 2024-05-17T12


@pytest.fixture
def records(tmp_path: Path) -> Iterator[fst24.Fst24File]:
    """TT, UU and GZ on pressure and hybrid levels, at three hours."""
    values = np.zeros((2, 2), np.float32)
    path = tmp_path / "records.fst"
    with fst24.open(path, "w") as f:
        for nomvar in ("TT", "UU", "GZ"):
            for hour in (0, 6, 12):
                for level, unit in ((1000, "hPa"), (850, "hPa"), (500, "hPa"), (0.5, "hybrid")):
                    f.write(
                        values,
                        nomvar=nomvar,
                        etiket="RUN1",
                        level=level,
                        level_unit=unit,
                        origin_time="2024-05-17T12",
                        lead_time=np.timedelta64(hour, "h"),
                        ip2=hour,
                        grtyp="L",
                        ig1=hour,
                    )
        f.write(values, nomvar=">>", typvar="X", ip1=850, ip2=6, grtyp="E")
    with fst24.open(path) as f:
        yield f


def chosen(text: str, records: fst24.Fst24File) -> list[tuple[str, str, int]]:
    (copy,), _ = read_directives(text, "deck")
    found = []
    for record in records:
        if copy.takes(record):
            value, _ = fst24.ip.decode(record.ip1)
            found.append((record.nomvar, f"{float(value):g}", record.ip2))
    return found


def count(text: str, records: fst24.Fst24File) -> int:
    return len(chosen(text, records))


@pytest.mark.parametrize(
    ("deck", "n"),
    [
        ("", 37),
        (" desire(-1,-1,-1,-1,-1,-1,-1)", 37),
        (" DESIRE(-1,'TT')", 12),
        (" desire(-1,tt)", 12),
        (" desire(-1,['TT','UU'])", 24),
        (" desire('X')", 1),
        (" exclure(-1,'GZ')", 25),
        (" exclure(-1,'TT',-1,-1,850)\n desire(-1,'TT')", 9),
        (" desire(-1,'TT')\n exclure(-1,'TT',-1,-1,850)", 12),
        (" exclure(-1,'TT')\n exclure(-1,'UU')", 13),
        (" desire(-1,'TT',-1,-1,[1000.,500.])", 6),
        (" desire(-1,'TT',-1,-1,[1000.,MBAR])", 3),
        (" desire(-1,'TT',-1,-1,[0.5,HYBRID])", 3),
        (" desire(-1,'TT',-1,-1,[500,@,850])", 6),
        (" desire(-1,'TT',-1,-1,[@,850])", 6),
        (" desire(-1,'TT',-1,-1,[850.,MBAR,@])", 6),
        (" desire(-1,'TT',-1,-1,[500,@,1000,DELTA,250])", 6),
        (" desire(-1,'TT',-1,-1,[@,.6,HYBRID])", 3),
        (" desire(-1,'TT',-1,-1,-1,[0,6])", 8),
        (" desire(-1,'TT',-1,-1,-1,[6,@])", 8),
        (" desire(-1,'TT',-1,-1,-1,[0,@,12,DELTA,12])", 8),
        (f" desire(-1,'TT',-1,{STAMP})", 4),
        (f" desire(-1,'TT',-1,[{STAMP},@])", 12),
        (f" desire(-1,'TT',-1,[@,{STAMP}])", 4),
        (f" desire(-1,'TT',-1,[{STAMP},@,473314400,DELTA,12])", 8),
        (f" periode(-{STAMP},0,6,6)\n desire(-1,'TT',-1,COMMUNE)", 8),
        (f" periode(-{STAMP},6)\n desire(-1,'TT',-1,COMMUNE)", 4),
        (" periode(-473314400,0,-6)\n desire(-1,'TT',-1,COMMUNE)", 8),
        (" critsup(2,2,1,'L',6)\n desire(-1,'TT')", 4),
        (" critsup(2,2,1,'Z')\n desire(-1,'TT')", 0),
        (" critsup(-1,-1,-1,'Z')\n critsup(-1)\n desire(-1,'TT')", 12),
        ("C desire(-1,'UU')\n* remark\n# remark\n desire(-1,'TT')\n end\n desire(-1,'GZ')", 12),
        (" desire(-1,'TT',\n    -1,-1,\n    850)", 3),
        (" desire(TOUS,'TT',TOUS)", 12),
        (" desire([-1],[-1],-1,[-1],[-1])", 37),
        (" desire(' ','TT',' ')", 12),
        (" desire(-1,' ')", 37),
        (" critsup(2,2,1,' ',6)\n desire(-1,'TT')", 4),
        (" desire(-1,'TT',-1,-1,-1,[6.,HEURES])", 4),
        (" desire(-1,'TT',-1,-1,-1,[0.,HOURS,@,6.,HOURS])", 8),
        (" desire(-1,'TT',-1,-1,[2.,METRES,500.,MBAR])", 3),
        (" desire(-1,'>>',-1,-1,850)", 1),
        (" desire(-1,'>>',-1,-1,[@,900])", 1),
    ],
)
def test_decks_choose_records(deck: str, n: int, records: fst24.Fst24File) -> None:
    assert count(deck, records) == n


def test_zap_changes_what_is_given_and_keeps_letters_at_question_marks(
    records: fst24.Fst24File,
) -> None:
    deck = " zap('A',-1,'NEW????X',473312800,-1,24)\n"
    (copy,), _ = read_directives(deck, "deck")
    assert copy.changed(records[0]) == {
        "typvar": "A ",
        "etiket": "NEW1   X    ",
        "dateo": 473312800,
        "ip2": 24,
    }


def test_zap_takes_levels_with_their_kind(records: fst24.Fst24File) -> None:
    (copy,), _ = read_directives(" ZAP(-1,-1,-1,-1,[700.,MBAR])", "deck")
    assert copy.changed(records[0]) == {"ip1": fst24.ip.encode(700, "hPa")}


def test_stdcopi_copies_and_begins_anew(records: fst24.Fst24File) -> None:
    deck = """
    zap(-1,-1,'HELLO')
    desire(-1,'UU')
    stdcopi(-1)
    zap('A',-1,'GOODBYE')
    desire(-1,'TT')
    stdcopi(-1)
    """
    copies, _ = read_directives(deck, "deck")
    assert [sum(copy.takes(r) for r in records) for copy in copies] == [12, 12]
    assert [copy.changes["etiket"] for copy in copies] == ["HELLO", "GOODBYE"]


def test_a_zap_ends_with_its_copy() -> None:
    deck = " zap(-1,-1,'HELLO')\n desire(-1,'UU')\n stdcopi(-1)\n desire(-1,'TT')\n stdcopi\n"
    copies, _ = read_directives(deck, "deck")
    assert [dict(copy.changes) for copy in copies] == [{"etiket": "HELLO"}, {}]


def test_a_zap_stays_with_requests_that_are_kept() -> None:
    deck = " sauvdes=1\n zap(-1,-1,'HELLO')\n desire(-1,'UU')\n stdcopi\n stdcopi\n"
    copies, _ = read_directives(deck, "deck")
    assert [copy.changes["etiket"] for copy in copies] == ["HELLO", "HELLO"]


def test_critsup_holds_until_it_is_taken_back(records: fst24.Fst24File) -> None:
    deck = """
    critsup(2,2,1,'L',6)
    desire(-1,'UU')
    stdcopi(-1)
    desire(-1,'TT')
    stdcopi(-1)
    critsup(-1)
    desire(-1,'GZ')
    stdcopi(-1)
    """
    copies, _ = read_directives(deck, "deck")
    assert [sum(copy.takes(r) for r in records) for copy in copies] == [4, 4, 12]


def test_a_critsup_that_is_a_remark_by_its_column_is_said() -> None:
    _, remarks = read_directives("critsup(2,2,1)\n desire(-1)\n", "deck")
    (remark,) = remarks
    assert remark.startswith("deck: line 1: a C in the first column makes a remark: CRITSUP")


def test_sauvdes_keeps_requests() -> None:
    deck = " sauvdes=1\n desire(-1,'TT')\n desire(-1,'UU')\n stdcopi\n desire(-1,'GZ')\n stdcopi"
    copies, _ = read_directives(deck, "deck")
    wanted = [[request.wanted["nomvar"] for request in copy.requests] for copy in copies]
    assert wanted == [[("TT",), ("UU",)], [("TT",), ("GZ",)]]


def test_what_stands_behind_the_last_stdcopi_is_not_copied_and_said() -> None:
    deck = " desire(-1,'UU')\n stdcopi(-1)\n desire(-1,'TT')\n"
    (copy,), (remark,) = read_directives(deck, "deck")
    assert [request.wanted for request in copy.requests] == [{"nomvar": ("UU",)}]
    assert remark.startswith("deck: what stands behind the last STDCOPI copies nothing")


def test_limits_and_overwriting() -> None:
    (copy,), _ = read_directives(" limite=5\n ecr=oui\n desire(-1)\n", "deck")
    assert (copy.limit, copy.overwrite) == (5, True)


def test_what_changes_no_copy_is_passed_over_and_said() -> None:
    _, remarks = read_directives(" debug=oui\n voirs=oui\n", "deck")
    assert [remark.split(" is ")[0] for remark in remarks] == [
        "deck: line 1: DEBUG",
        "deck: line 2: VOIRS",
    ]


@pytest.mark.parametrize(
    ("deck", "why"),
    [
        (" desir(-1)", "line 1: DESIR is no directive"),
        ("\n desire(-1,'TT'", "line 2: a ) is missing"),
        (" desire(-1,['TT')", "a ] is missing"),
        (" desire(-1,'TT'])", "a [ is missing"),
        (" desire(-1,5)", "nomvar is text"),
        (" desire(-1,'TOOLONG')", "more than 4 letters"),
        (" desire(1,2,3,4,5,6,7,8)", "8 arguments"),
        (" desire(-1,-1,-1,-1,'850')", "is text, not a number"),
        (" desire(-1,-1,-1,-1,[850,NOSUCH])", "NOSUCH is not understood"),
        (" desire(-1,-1,-1,-1,[1,DELTA,2])", "DELTA needs a range"),
        (" desire(-1,-1,-1,-1,[1,@,9,DELTA,0])", "DELTA is above 0"),
        (" desire(-1,-1,-1,-1,[1,2,@,9])", "a range is"),
        (" desire(-1,-1,-1,-1,[5.,SIGMA])", "out of range"),
        (" desire(-1,-1,-1,COMMUNE)", "COMMUNE comes after a PERIODE"),
        (" periode('OPRUN',6)", "PERIODE begins with a CMC stamp"),
        (" zap(-1,['A','B'])", "ZAP takes one value"),
        (" zap(-1,-1,-1,5)", "no CMC stamp"),
        (" stdcopi('a.fst','RND','b.fst')", "on the command line"),
        (" limite=many", "takes a whole number"),
        (" ecr=perhaps", "OUI or NON"),
        (" critsup('Z')", "ni is one whole number"),
        (" 5", "does not begin with a directive"),
        (" desire -1", "write desire(...)"),
        (" desire(-1;2)", "is not understood"),
    ],
)
def test_what_cannot_be_followed_is_told_with_its_line(deck: str, why: str) -> None:
    with pytest.raises(DirectiveError) as told:
        read_directives(deck, "deck")
    assert told.value.message.startswith("deck: line ")
    assert why in told.value.message


def test_ranges_below_nought_hold_their_ends(tmp_path: Path) -> None:
    path = tmp_path / "depths.fst"
    with fst24.open(path, "w") as f:
        for depth in (-200, -100, 50):
            f.write(np.zeros(2, np.float32), nomvar="TT", level=depth, level_unit="above_sea")
    deck = " desire(-1,-1,-1,-1,[-100.0,METERS,@,50.,METERS])"
    (copy,), _ = read_directives(deck, "deck")
    with fst24.open(path) as f:
        assert [copy.takes(r) for r in f] == [False, True, True]
