"""Where a Dataset of fst24 is not what fstd2nc made of the same file.

Each finding has a place: ``TT.values``, ``level.units``, ``crs.earth_radius``. `differences` says
which of them are meant.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    Told = dict[str, Any]

#: What stands beside the fields in their Datasets.
_BESIDE = re.compile(
    r"(leadtime|reftime|crs_latlon|rotated_pole|polar_stereo|yin|yang|pref|surface_type|station|Mesh"
    r"|mesh_face_nodes|ptop|rcoef|forecast)(_\d+)?$|.*_bnds(_\d+)?$"
)
#: The same in ours, as far as they are no coordinates.
BESIDE_OURS = re.compile(r".*_bnds(_?\w\d*)?$|(Mesh|mesh)(\d*|_face_nodes\d*)$")
_NUMBER = re.compile(r"_?\d+$")
_CRS = re.compile(r"(crs_latlon|rotated_pole|polar_stereo)(_\d+)?$")
_COMPARED = ("standard_name", "units", "positive", "axis", "formula_terms", "formula")
#: Degrees, by the frame of the grid: theirs are computed in single precision (metadata.md, 10).
_DEGREES = 2e-4
_DEGREES_POLAR = 0.02


class Finding(NamedTuple):
    """One difference: where, and what each has there."""

    where: str
    theirs: Any
    ours: Any

    def __str__(self) -> str:
        return f"{self.where}: theirs {_short(self.theirs)}, ours {_short(self.ours)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 160 else text[:157] + "..."


def plain(name: str) -> str:
    """A name without the number or letter that tells axes apart."""
    return re.sub(r"_[mtw]\d*$", "", _NUMBER.sub("", name))


def compare(theirs: Told, ours: Told) -> list[Finding]:
    """All findings, each place once."""
    found: dict[str, Finding] = {}
    for finding in _findings(theirs, ours):
        found.setdefault(finding.where, finding)
    return list(found.values())


def _findings(theirs: Told, ours: Told) -> Iterator[Finding]:
    fields = {n: v for n, v in theirs["data"].items() if not _BESIDE.match(n)}
    own = {n: v for n, v in ours["data"].items() if not BESIDE_OURS.match(n)}
    pairs, rest = _pairs(fields, own)
    for name in sorted(fields.keys() - {a for a, _ in pairs}):
        yield Finding(f"{name}.missing", fields[name]["dims"], None)
    for name in sorted(rest):
        yield Finding(f"{name}.extra", None, own[name]["dims"])
    for name, our_name in sorted(pairs):
        if name != our_name:
            yield Finding(f"{name}.name", name, our_name)
        yield from _field(name, fields[name], own[our_name], theirs, ours)


def _pairs(fields: Told, own: Told) -> tuple[list[tuple[str, str]], set[str]]:
    """Variables of one name, then those of one content."""
    pairs = [(name, name) for name in fields if name in own]
    rest = own.keys() - fields.keys()
    for name in fields.keys() - own.keys():
        same = [n for n in sorted(rest) if not list(_values("", fields[name], own[n]))]
        if same:
            pairs.append((name, same[0]))
            rest -= {same[0]}
    return pairs, set(rest)


def _field(name: str, field: Told, own: Told, theirs: Told, ours: Told) -> Iterator[Finding]:
    if len(field["dims"]) != len(own["dims"]):
        yield Finding(f"{name}.dims", field["dims"], own["dims"])
    else:
        for dim, our_dim in zip(field["dims"], own["dims"], strict=True):
            if dim != our_dim:
                yield Finding(f"{plain(dim)}.name", dim, our_dim)
    if field["dtype"] != own["dtype"]:
        yield Finding(f"{name}.dtype", field["dtype"], own["dtype"])
    if field["shape"] != own["shape"]:
        yield Finding(f"{name}.shape", field["shape"], own["shape"])
    else:
        yield from _values(f"{name}.values", field, own)
        for dim, our_dim in zip(field["dims"], own["dims"], strict=True):
            yield from _axis(dim, our_dim, theirs, ours)
    for attr, value in field["attrs"].items():
        if attr not in {"grid_mapping", "mesh", "location"} and own["attrs"].get(attr) != value:
            yield Finding(f"{name}.{attr}", value, own["attrs"].get(attr))
    yield from _places(field, own, theirs, ours)
    yield from _times(field, own, theirs, ours)
    yield from _crs(field, own, theirs, ours)


def _values(where: str, one: Told, other: Told) -> Iterator[Finding]:
    """Whether two fields hold the same values in the same order."""
    if one["shape"] != other["shape"]:
        yield Finding(where, one["shape"], other["shape"])
        return
    a, b = one["values"], other["values"]
    if isinstance(a, dict) and isinstance(b, dict):
        for key in ("nan", "min", "max", "are"):
            if a[key] != b[key]:
                yield Finding(where, (key, a[key]), (key, b[key]))
                return
        if not math.isclose(a["sum"], b["sum"], rel_tol=1e-12, abs_tol=1e-9):
            yield Finding(where, ("sum", a["sum"]), ("sum", b["sum"]))
    elif a != b:
        yield Finding(where, a, b)


def _variable(ds: Told, name: str) -> Told | None:
    found: Told | None = ds["coords"].get(name) or ds["data"].get(name)
    return found


def _axis(dim: str, our_dim: str, theirs: Told, ours: Told) -> Iterator[Finding]:
    """The coordinate of a dimension, and what lies along it."""
    one, other = _variable(theirs, dim), _variable(ours, our_dim)
    where = plain(dim)
    if one is not None and other is None:
        yield Finding(f"{where}.missing", one["values"], None)
    if one is not None and other is not None:
        if not _near(one["values"], other["values"], rtol=1e-6, atol=2e-5):
            yield Finding(f"{where}.values", one["values"], other["values"])
        yield from _attributes(where, one, other)
    for name, variable in (theirs["coords"] | theirs["data"]).items():
        if variable["dims"][:1] == [dim] and name != dim:
            yield from _along(name, variable, (dim, our_dim), ours)


def _along(name: str, variable: Told, dims: tuple[str, str], ours: Told) -> Iterator[Finding]:
    """What of theirs lies along a dimension: coefficients, labels, bounds."""
    dim, our_dim = dims
    if name == f"{dim}_bnds":
        bounds = _variable(ours, f"{our_dim}_bnds")
        if bounds is None:
            yield Finding(f"{plain(dim)}_bnds.missing", variable["shape"], None)
        elif not _near(variable["values"], bounds["values"], rtol=1e-5, atol=2e-5):
            yield Finding(f"{plain(dim)}_bnds.values", variable["values"], bounds["values"])
    elif variable["dtype"].startswith("|S"):
        same = [v["values"] for v in ours["coords"].values() if v["dims"] == [our_dim]]
        if variable["values"] not in same:
            yield Finding(f"{plain(name)}.missing", variable["values"], None)
    elif re.match(r"(a|b|c|ap|az|b1|b2)(_\d+)?$", name):
        yield from _term(name, variable, our_dim, ours)


def _term(name: str, term: Told, our_dim: str, ours: Told) -> Iterator[Finding]:
    """A coefficient along a level axis."""
    base = _term_name(name)
    for own_name, own in ours["coords"].items():
        if own["dims"] == [our_dim] and _term_name(own_name) == base:
            if not _near(term["values"], own["values"], rtol=1e-6, atol=1e-9):
                yield Finding(f"{base}.values", term["values"], own["values"])
            return
    yield Finding(f"{base}.missing", term["values"], None)


def _term_name(name: str) -> str:
    """The letter of a coefficient: b1 and b2 are two of them."""
    return re.sub(r"_([mtw]?\d*)$", "", name)


def _attributes(where: str, one: Told, other: Told) -> Iterator[Finding]:
    for attr in _COMPARED:
        a, b = one["attrs"].get(attr), other["attrs"].get(attr)
        if attr == "formula_terms" and a and b:
            a, b = _terms(a), _terms(b)
        if a is not None and a != b:
            yield Finding(f"{where}.{attr}", a, b)


def _terms(text: str) -> dict[str, str]:
    """Terms of a formula and the variables they name, numbers left out."""
    words = text.replace(": ", ":").split()
    named = (word.split(":") for word in words)
    return {k: re.sub(r"_([mtw]?\d*)$|(?<=level)\d+$", "", v) for k, v in named}


def _near(a: Any, b: Any, *, rtol: float, atol: float) -> bool:
    """Whether two lists, or two samples, of numbers or texts agree."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a["n"] == b["n"] and _near(a["are"], b["are"], rtol=rtol, atol=atol)
    if isinstance(a, dict) or isinstance(b, dict) or len(a) != len(b):
        return False
    if any(isinstance(v, str) for v in [*a, *b]):
        return list(a) == list(b)
    x, y = (np.array([math.nan if v is None else v for v in w], float) for w in (a, b))
    return bool(np.allclose(x, y, rtol=rtol, atol=atol, equal_nan=True))


def _of_standard(ds: Told, field: Told, standard_name: str) -> Told | None:
    """The positions along the last dimensions of a field, numbered or not."""
    for variable in ds["coords"].values():
        dims = variable["dims"]
        if variable["attrs"].get("standard_name") != standard_name or not dims:
            continue
        if field["dims"][-len(dims) :] == dims or dims == [field["dims"][-1]]:
            return dict(variable)
        if dims == field["dims"][-2:-1]:
            return dict(variable)
    return None


def _places(field: Told, own: Told, theirs: Told, ours: Told) -> Iterator[Finding]:
    """Latitudes and longitudes, whatever they are called."""
    polar = "yc" in field["dims"] or any(d.startswith("yc") for d in field["dims"])
    for name, turns in (("latitude", False), ("longitude", True)):
        one, other = _of_standard(theirs, field, name), _of_standard(ours, own, name)
        if one is None:
            continue
        if other is None:
            yield Finding(f"{name}.missing", one["dims"], None)
            continue
        a, b = one["values"], other["values"]
        if one["shape"] != other["shape"]:
            yield Finding(f"{name}.shape", one["shape"], other["shape"])
            continue
        x, y = (np.array(v["are"] if isinstance(v, dict) else v, float) for v in (a, b))
        apart = np.abs((x - y + 180) % 360 - 180 if turns else x - y)
        if apart.max(initial=0) > (_DEGREES_POLAR if polar else _DEGREES):
            yield Finding(f"{name}.values", float(apart.max()), "degrees apart")
        yield from _attributes(
            name, one, {**other, "attrs": {"axis": one["attrs"].get("axis")} | other["attrs"]}
        )


def _times(field: Told, own: Told, theirs: Told, ours: Told) -> Iterator[Finding]:
    """Lead times and dates of origin that belong to a field."""
    for what in ("leadtime", "reftime"):
        one = _along_time(theirs, field, what)
        other = _along_time(ours, own, what)
        if one is None:
            continue
        if other is None:
            yield Finding(f"{what}.missing", one["values"], None)
        elif one["values"] != other["values"]:
            yield Finding(f"{what}.values", one["values"], other["values"])


def _along_time(ds: Told, field: Told, what: str) -> Told | None:
    time = next((d for d in field["dims"] if re.match(r"time\d*$", d)), None)
    number = re.sub(r"\D", "", time or "")
    for name in (f"{what}{number}", f"{what}_{number}", what):
        variable = _variable(ds, name)
        if variable is not None and set(variable["dims"]) <= set(field["dims"]):
            return variable
    return None


def _crs(field: Told, own: Told, theirs: Told, ours: Told) -> Iterator[Finding]:
    """The grid mapping."""
    named = field["attrs"].get("grid_mapping")
    if named is None:
        return
    known = [n for n in theirs["data"] if _CRS.match(n) and plain(n) == named]
    one = theirs["data"].get(named)
    if one is None and len(known) == 1:
        one = theirs["data"][known[0]]
    if one is None:
        return  # theirs cannot be told apart
    other = _variable(ours, str(own["attrs"].get("grid_mapping")))
    if other is None:
        yield Finding("crs.missing", named, own["attrs"].get("grid_mapping"))
        return
    for attr, value in one["attrs"].items():
        mine = other["attrs"].get(attr)
        if isinstance(value, str) or mine is None:
            same = value == mine
        else:
            apart = abs(float(value) - float(mine))
            turn = "longitude" in attr
            same = min(apart, abs(apart - 360) if turn else apart) < 1e-4
        if not same:
            yield Finding(f"crs.{attr}", value, mine)
