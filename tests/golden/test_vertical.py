"""Vertical coordinates agree with the vgrid library, list by list and level by level."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import fst24
from fst24.vertical import Vertical

from .manifests import HERE, VERTICAL

if TYPE_CHECKING:
    from collections.abc import Iterator

COORDINATES: dict[str, dict[str, Any]] = json.loads(VERTICAL.read_text(encoding="utf-8"))[
    "coordinates"
]
FAMILIES = {"M": "momentum", "T": "thermodynamic", "W": "vertical_velocity"}


@pytest.fixture(scope="module", params=["xdf", "rsf"])
def f(request: pytest.FixtureRequest) -> Iterator[fst24.Fst24File]:
    with fst24.open(HERE / "vertical" / f"{request.param}-vertical.fst") as file:
        yield file


@pytest.fixture(params=COORDINATES)
def wanted(request: pytest.FixtureRequest) -> dict[str, Any]:
    return COORDINATES[request.param]


@pytest.fixture
def found(f: fst24.Fst24File, wanted: dict[str, Any]) -> Vertical:
    record = f.find(nomvar="!!", ip1=wanted["IP_1"], ip2=wanted["IP_2"])
    assert record is not None
    return Vertical.from_record(record)


def surfaces(wanted: dict[str, Any], found: Vertical) -> dict[str, Any]:
    """The reference fields, in the unit that files hold them in."""
    scale = 1 if wanted["units"] == "m" else 100
    pair = (np.array(wanted[name]) / scale for name in ("surface", "surface_ls"))
    return dict(zip(found.references, pair, strict=False))


def computed(found: Vertical, ip1s: list[int], fields: dict[str, Any]) -> Any:
    if found.has_height:
        return found.height(ip1s, **fields)
    values = found.pressure(ip1s, unit="Pa", **fields)
    return values if fields else values[:, None]


def test_kind_version_and_parameters_are_those_of_the_library(
    wanted: dict[str, Any], found: Vertical
) -> None:
    assert (found.kind, found.version) == (wanted["KIND"], wanted["VERS"])
    assert (found.ptop, found.pref) == (wanted.get("PTOP"), wanted.get("PREF"))
    assert found.references == tuple(wanted[k] for k in ("RFLD", "RFLS") if k in wanted)
    assert found.rcoefs == tuple(r for i in "1234" if (r := wanted[f"RC_{i}"]) >= 0)


@pytest.mark.parametrize("letter", FAMILIES)
def test_lists_of_levels_are_those_of_the_library(
    letter: str, wanted: dict[str, Any], found: Vertical
) -> None:
    assert getattr(found, FAMILIES[letter]).tolist() == wanted[f"VIP{letter}"]


@pytest.mark.parametrize("letter", "MT")
def test_coefficients_are_those_of_the_library_bit_for_bit(
    letter: str, wanted: dict[str, Any], found: Vertical
) -> None:
    rows = found.levels(wanted[f"VIP{letter}"])
    assert rows.a.tolist() == wanted[f"CA_{letter}"]
    assert rows.b.tolist() == wanted[f"CB_{letter}"]


@pytest.mark.parametrize("letter", FAMILIES)
def test_levels_are_those_of_the_library_in_double_precision(
    letter: str, wanted: dict[str, Any], found: Vertical
) -> None:
    ours = computed(found, wanted[f"VIP{letter}"], surfaces(wanted, found))
    theirs = np.array(wanted[f"levels8_VIP{letter}"])
    np.testing.assert_allclose(np.broadcast_to(ours, theirs.shape), theirs, rtol=2e-15)


@pytest.mark.parametrize("letter", FAMILIES)
def test_levels_are_those_of_the_library_within_single_precision(
    letter: str, wanted: dict[str, Any], found: Vertical
) -> None:
    ours = computed(found, wanted[f"VIP{letter}"], surfaces(wanted, found))
    theirs = np.array(wanted[f"levels_VIP{letter}"])
    np.testing.assert_allclose(np.broadcast_to(ours, theirs.shape), theirs, rtol=6e-8)


def test_every_field_finds_its_table_by_its_tag(
    f: fst24.Fst24File, wanted: dict[str, Any], found: Vertical
) -> None:
    fields = f.read_records(nomvar=["UU", "TT"], ig1=wanted["IP_1"], ig2=wanted["IP_2"])
    assert len(fields) == len(wanted["VIPM"]) + len(wanted["VIPT"])
    self_contained = wanted["KIND"] == 2
    for record in fields:
        made = f.vertical(record)
        assert made is not None
        assert record.ip1 in made
        assert made == found or self_contained


def test_cf_formulas_with_their_terms_give_the_levels_of_the_library(
    wanted: dict[str, Any], found: Vertical
) -> None:
    cf = found.cf(found.momentum, suffix="_m")
    if "formula" not in cf.attrs:
        assert not cf.terms
        assert not found.references
        return
    named = {cf.name: cf.values[:, None].astype(np.float64), **surfaces(wanted, found)}
    named |= {name: np.asarray(term.values)[..., None] for name, term in cf.terms.items()}
    pairs = cf.attrs["formula_terms"].split()
    known = {
        term.rstrip(":"): named[name] for term, name in zip(pairs[::2], pairs[1::2], strict=True)
    }
    formula = cf.attrs["formula"].split(" = ")[1]
    in_pa = known.pop("ap", None)
    if in_pa is not None:  # ap in Pa, P0 in hPa as the file holds it: readers of CF convert
        known["ap"] = in_pa / 100
    ours = eval(formula, {"exp": np.exp, "log": np.log}, known)  # noqa: S307 - our own text
    scale = 1 if wanted["units"] == "m" else 100
    # Sigma is the single-precision value of its ip1.
    theirs = np.array(wanted["levels8_VIPM"]) / scale
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)
