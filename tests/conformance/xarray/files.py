"""Small FST files, always the same, of what Datasets are made of; ``python -m ... DIR`` writes all.

Values say where they are from: ``4096 * n + 64 * j + i`` for the n-th field of a file, from 1.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import fst24
from fst24 import grid, ip
from tests.conformance.xarray.cases import GEM, REAL_FILES, YIN_YANG
from tests.conftest import golden
from tests.golden.manifests import REAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    Maker = Callable[["Out"], None]

START = "2024-05-17T12:00"
LATLON = grid.encode("L", lat0=40, lon0=280, dlat=0.5, dlon=0.5)
ROTATED = grid.encode("E", lat1=31.75, lon1=267.6, lat2=33.1, lon2=273.625)
TEN_METRES, METRE_AND_HALF = 75597472, 76696048
#: ip1 of the `!!` of a vcode in golden/vertical.
TABLES = {
    1001: 1000,
    1002: 1001,
    5001: 1003,
    5002: 1004,
    5003: 1005,
    5004: 1006,
    5005: 1007,
    5100: 1008,
    21001: 1009,
    21002: 1010,
    21003: 1011,  # stands for 21001 with a large-scale part, which has no number of its own
}


def pattern(n: int, ni: int, nj: int) -> npt.NDArray[np.float32]:
    """The n-th field: exact in float32, and every value tells its place."""
    i, j = np.meshgrid(np.arange(ni), np.arange(nj), indexing="ij")
    return (4096 * n + 64 * j + i).astype(np.float32)


class Out:
    """A file that is being written, with what its fields have in common."""

    def __init__(self, path: Path, **common: Any) -> None:
        self.file: fst24.Fst24Writer = fst24.open(path, "w")
        self.common: dict[str, Any] = {
            "typvar": "P",
            "etiket": "G1_8_0_0N",
            "origin_time": START,
            "grtyp": "L",
            **dict(zip(("ig1", "ig2", "ig3", "ig4"), LATLON, strict=True)),
            **common,
        }
        self.shape = (6, 5)
        self.n = 0

    def field(
        self, nomvar: str, values: npt.NDArray[Any] | None = None, *, hour: int = 0, **fields: Any
    ) -> None:
        """A field at an hour, by default the next of the pattern."""
        self.n += 1
        if values is None:
            values = pattern(self.n, *self.shape)
        told = {
            **self.common,
            "deet": 3600,
            "npas": hour,
            "ip2": hour,
            **fields,
        }
        if told.get("dateo") == 0:
            del told["origin_time"]
        self.file.write(values, nomvar=nomvar, **told)

    def fields(
        self,
        nomvar: str,
        *,
        hours: Iterable[int] = (0,),
        ip1s: Iterable[int] = (0,),
        **fields: Any,
    ) -> None:
        """Fields at all hours on all levels."""
        levels = list(ip1s)
        for hour in hours:
            for ip1 in levels:
                self.field(nomvar, hour=hour, ip1=ip1, **fields)

    def axes(
        self,
        ax: npt.ArrayLike,
        ay: npt.ArrayLike,
        tag: tuple[int, int, int],
        ref: tuple[str, tuple[int, int, int, int]] = ("E", ROTATED),
    ) -> None:
        """A `>>` and a `^^`, and from now on fields on them."""
        x, y = np.asarray(ax, np.float32), np.asarray(ay, np.float32)
        known: dict[str, Any] = {
            "typvar": "X",
            "etiket": "POSITION",
            "grtyp": ref[0],
            "dateo": 0,
        }
        known.update(zip(("ip1", "ip2", "ip3"), tag, strict=True))
        known.update(zip(("ig1", "ig2", "ig3", "ig4"), ref[1], strict=True))
        separate = x.ndim == 1
        self.file.write(x[:, None] if separate else x, nomvar=">>", **known)
        self.file.write(y[None, :] if separate else y, nomvar="^^", **known)
        self.common.update(grtyp="Z", ig1=tag[0], ig2=tag[1], ig3=tag[2], ig4=0)
        self.shape = (len(x), len(y)) if separate else (x.shape[0], x.shape[1])

    def rotated(self, tag: tuple[int, int, int] = (1001, 1002, 0)) -> None:
        """Fields on a small rotated grid from now on."""
        self.axes(175 + 0.5 * np.arange(6), -1 + 0.5 * np.arange(5), tag)

    def table(self, vcode: int, tag: tuple[int, int]) -> fst24.vertical.Vertical:
        """The `!!` of a vcode under another tag."""
        with fst24.open(golden("vertical/xdf-vertical.fst")) as f:
            record = f.find(nomvar="!!", ip1=TABLES[vcode])
            assert record is not None
            self.file.write(record, ip1=tag[0], ip2=tag[1])
            return fst24.vertical.Vertical.from_record(record)


# ----------------------------------------------------------------------------------- the files

PRESSURES = [ip.encode(p, "hPa") for p in (500.0, 850.0, 1000.0)]
MEMBERS = ("E1_812_N001", "E1_812_N002", "E1_812_N003")


def hours(out: Out) -> None:
    """Three levels, four hours, a surface field, one without a date."""
    out.fields("TT", hours=(0, 3, 6, 9), ip1s=PRESSURES)
    out.fields("P0", hours=(0, 3, 6, 9))
    out.field("MG", dateo=0)


def rotated(out: Out) -> None:
    """The same on a rotated grid, and a variable whose name begins with a digit."""
    out.rotated()
    out.fields("TT", hours=(0, 3), ip1s=PRESSURES)
    out.fields("2B", hours=(0, 3))


def runs(out: Out) -> None:
    """Two runs whose hours do not overlap."""
    for start in ("2024-05-17T12:00", "2024-05-18T00:00"):
        out.fields("TT", hours=(0, 6), ip1s=PRESSURES[:2], origin_time=start)


def overlapping_runs(out: Out) -> None:
    """Three runs whose hours overlap."""
    for start in ("2024-05-17T12:00", "2024-05-17T18:00", "2024-05-18T00:00"):
        out.fields("TT", hours=(0, 6, 12), origin_time=start)


def incomplete(out: Out) -> None:
    """Levels that some hours lack."""
    out.fields("TT", hours=(0,), ip1s=PRESSURES)
    out.fields("TT", hours=(6,), ip1s=PRESSURES[1:])


def accumulations(out: Out) -> None:
    """PR over three lengths, RN since the start, FR over one, QQQ of unknown purpose."""
    for hour in (6, 12):
        for ip3 in (1, 3, 6):
            out.field("PR", hour=hour, ip3=ip3)
        out.field("RN", hour=hour, ip3=hour)
        out.field("FRMM", hour=hour, ip3=3)
        for ip3 in (1, 2):
            out.field("QQQ", hour=hour, ip3=ip3)


def periods(out: Out) -> None:
    """New-style codes of 0 to 6 and 6 to 12 hours."""
    for end in (6, 12):
        code: dict[str, Any] = {
            "ip2": ip.encode(float(end), "h"),
            "ip3": ip.encode(float(end - 6), "h"),
        }
        out.field("PR", hour=end, **code)


def members(out: Out) -> None:
    """Three members."""
    for etiket in MEMBERS:
        out.fields("TT", hours=(0, 6), ip1s=PRESSURES[:2], etiket=etiket)
        out.fields("P0", hours=(0, 6), etiket=etiket)


def surface(out: Out) -> None:
    """Kinds of surface, layers of soil, numbered levels."""
    out.fields("SD", hours=(0, 6), ip1s=[ip.encode(float(k), 3) for k in (1, 2, 3, 4, 5)])
    out.fields("WSOL", hours=(0, 6), ip1s=[ip.encode(float(k), 3) for k in range(1, 8)])
    out.fields("I0", hours=(0, 6), ip1s=[ip.encode(float(k), 3) for k in (1, 2)])


def masked(out: Out) -> None:
    """A field with a mask at two heights, another without, and a mask alone."""
    mask = np.ones(out.shape, np.uint32)
    mask[:2, 0] = 0
    mask[3, 2] = 0
    for metres in (1.0, 5.0):
        ip1 = ip.encode(metres, 4)
        out.field("TM", hour=6, ip1=ip1, typvar="P@")
        out.file.write(
            mask, nomvar="TM", **out.common | {"typvar": "@@"}, ip1=ip1, ip2=6, deet=3600, npas=6
        )
    out.field("SALW", hour=6, ip1=ip.encode(1.0, 4))


def lone_mask(out: Out) -> None:
    """A mask without its field."""
    mask = np.ones(out.shape, np.uint32)
    mask[0] = 0
    out.file.write(mask, nomvar="TM", **out.common | {"typvar": "@@"}, deet=3600, npas=6, ip2=6)


def typvars(out: Out) -> None:
    """One name as analysis and as forecast, at other hours."""
    out.fields("GZ", hours=(0,), ip1s=PRESSURES, typvar="A")
    out.fields("GZ", hours=(6, 12), ip1s=PRESSURES)


def etikets(out: Out) -> None:
    """One name under two labels, at other hours."""
    out.fields("TT", hours=(0, 3), etiket="AAA")
    out.fields("TT", hours=(6, 9), etiket="BBB")


def kinds(out: Out) -> None:
    """Levels of each kind, a name for each."""
    for nomvar, kind, values in (
        ("AA", 0, (1000.0, 2000.0)),
        ("BB", 1, (0.5, 0.9, 1.0)),
        ("CC", 2, (10.0, 0.5, 250.0)),
        ("DD", 4, (1.5, 10.0, 40.0)),
        ("EE", 5, (0.25, 0.5, 0.75)),
        ("FF", 6, (300.0, 350.0)),
    ):
        out.fields(nomvar, ip1s=[ip.encode(value, kind) for value in values])


def depths(out: Out) -> None:
    """Kind 7."""
    out.fields("TM", hours=(0, 6), ip1s=[ip.encode(v, 7) for v in (0.5, 10.0, 100.0)])


def kind_21(out: Out) -> None:
    """Hybrid heights without their table."""
    out.fields("TT", ip1s=[ip.encode(v, 21) for v in (10.0, 500.0, 2000.0)])


def old_and_new(out: Out) -> None:
    """One level in both styles, another that is not there twice."""
    out.field("TT", ip1=500)
    out.field("TT", ip1=ip.encode(500.0, "hPa"))
    out.field("TT", ip1=850)


def _hybrid(vcode: int) -> Maker:
    def make(out: Out) -> None:
        v = out.table(vcode, (1001, 1002))
        out.rotated()
        terms = ("ME", "MELS") if vcode > 21000 else ("P0", "P0LS")
        for nomvar in terms if vcode in {5100, 21001, 21002, 21003} else terms[:1]:
            out.fields(nomvar, hours=(0, 6))
        out.fields("UU", hours=(0, 6), ip1s=[int(code) for code in v.momentum[::3]])
        out.fields("TT", hours=(0, 6), ip1s=[int(code) for code in v.thermodynamic[::3]])

    make.__doc__ = f"Momentum and thermodynamic levels of {vcode}."
    return make


def diagnostic(out: Out) -> None:
    """Model levels, and near the surface 1.5 and 10 m."""
    _diagnostic(out, lowest=-1)


def diagnostic_at_surface(out: Out) -> None:
    """The same, and a model level 1.0 as well."""
    _diagnostic(out, lowest=None)


def _diagnostic(out: Out, *, lowest: int | None) -> None:
    v = out.table(5005, (1001, 1002))
    out.rotated()
    near = {METRE_AND_HALF, TEN_METRES}
    for nomvar, levels, code in (
        ("TT", v.thermodynamic, METRE_AND_HALF),
        ("UU", v.momentum, TEN_METRES),
    ):
        of_model = [ip1 for ip1 in levels.tolist() if ip1 not in near][-4:lowest]
        out.fields(nomvar, hours=(0, 6), ip1s=[*of_model, code])
    out.fields("P0", hours=(0, 6))


def no_table(out: Out) -> None:
    """Model levels and one near the surface, without `!!`."""
    out.rotated()
    hybrid = [ip.encode(v, 5) for v in (0.5, 0.9, 0.995)]
    out.fields("TT", hours=(0, 6), ip1s=[*hybrid, METRE_AND_HALF])
    out.fields("P0", hours=(0, 6))


def no_p0(out: Out) -> None:
    """A table without the field its levels follow."""
    v = out.table(5005, (1001, 1002))
    out.rotated()
    out.fields("TT", hours=(0, 6), ip1s=[int(code) for code in v.thermodynamic[:3]])


def hy(out: Out) -> None:
    """Hybrid levels of old files."""
    out.file.write(
        np.zeros((1, 1), np.float32),
        nomvar="HY",
        typvar="X",
        ip1=ip.encode(8.05, "hPa"),
        ig1=800,
        ig2=1600,
    )
    out.fields("TT", hours=(0, 6), ip1s=[ip.encode(v, 5) for v in (0.25, 0.5, 0.75, 1.0)])
    out.fields("P0", hours=(0, 6))


def two_grids(out: Out) -> None:
    """TT on two grids, P0 on the first."""
    out.fields("TT", hours=(0, 6))
    out.fields("P0", hours=(0, 6))
    out.shape = (8, 7)
    out.common.update(zip(("ig1", "ig2", "ig3", "ig4"), LATLON_WIDE, strict=True))
    out.fields("TT", hours=(0, 6))


LATLON_WIDE = grid.encode("L", lat0=-10, lon0=350, dlat=2, dlon=3)


def core_and_halo(out: Out) -> None:
    """A grid and its core, as limited-area models write them."""
    ax, ay = 175 + 0.5 * np.arange(8), -1 + 0.5 * np.arange(7)
    out.axes(ax[1:-1], ay[1:-1], (2001, 2002, 0))
    out.fields("PR", hours=(0, 6))
    out.axes(ax, ay, (1001, 1002, 0))
    out.fields("TT", hours=(0, 6))


def dated_latlon(out: Out) -> None:
    """X with fields LA and LO of a date, in place of axes."""
    out.common.update(grtyp="X", ig1=0, ig2=0, ig3=0, ig4=0)
    i, j = np.meshgrid(np.arange(6), np.arange(5), indexing="ij")
    out.field("LA", (40 + 0.5 * j + 0.1 * i).astype(np.float32))
    out.field("LO", (280 + 0.5 * i - 0.1 * j).astype(np.float32))
    out.fields("TT", hours=(0, 6))


def mesh(out: Out) -> None:
    """Triangles."""
    lon = np.array([280, 281, 280.5, 281.5, 282], np.float32)[:, None]
    lat = np.array([45, 45, 46, 46, 45], np.float32)[:, None]
    tag: dict[str, Any] = {"ip1": 3001, "ip2": 3002, "ip3": 0, "typvar": "X", "etiket": "POSITION"}
    ref: dict[str, Any] = {"ig1": 100, "ig2": 100, "ig3": 9000, "ig4": 0}
    out.file.write(lon, nomvar=">>", grtyp="L", **tag, **ref)
    out.file.write(lat, nomvar="^^", grtyp="L", **tag, **ref)
    corners = np.array([0, 1, 2, 1, 3, 2, 1, 4, 3], np.int32)[:, None]
    out.file.write(corners, nomvar="##", grtyp="X", **tag)
    out.common.update(grtyp="M", ig1=3001, ig2=3002, ig3=0, ig4=0)
    out.shape = (5, 1)
    out.fields("TT", hours=(0, 6))


def stations(out: Out) -> None:
    """A list of points."""
    lon = np.array([280, 281.25, 290, 286.5], np.float32)[:, None]
    lat = np.array([45, 46.5, 50, 45.5], np.float32)[:, None]
    out.axes(lon, lat, (4001, 4002, 0), ("L", (100, 100, 9000, 0)))
    out.common.update(grtyp="Y")
    out.shape = (4, 1)
    out.fields("TT", hours=(0, 6), ip1s=PRESSURES)


def curvilinear(out: Out) -> None:
    """O with positions of each point."""
    i, j = np.meshgrid(np.arange(6), np.arange(5), indexing="ij")
    out.axes(
        280 + 0.5 * i - 0.1 * j, 40 + 0.5 * j + 0.1 * i, (5001, 5002, 0), ("L", (100, 100, 9000, 0))
    )
    out.common.update(grtyp="O")
    out.fields("TT", hours=(0, 6))


def series(out: Out) -> None:
    """Time series of three stations, as feseri of GEM writes them."""
    v = out.table(5005, (1, 2))
    out.common.update(typvar="T", grtyp="T", ig1=0, ig2=0, ig3=0, ig4=0)
    lat, lon = np.array([43.5, 45.5, 82.5]), np.array([280.5, 286.25, 297.75])
    for nomvar, values in (("HH", [12.0, 12.25, 12.5, 13.0]), ("^^", lat), (">>", lon)):
        out.field(nomvar, np.array(values, np.float32)[:, None], ip2=1200 * (nomvar != "HH"))
    levels = {"SH": v.thermodynamic[:3], "SV": v.momentum[:3]}
    for nomvar, codes in levels.items():
        out.field(nomvar, v.levels(codes).value.astype(np.float32)[:, None])
    names = [name.ljust(128).encode() for name in ("TORONTO", "MONTREAL", "ALERT")]
    out.field("STNS", np.array(list(map(list, names)), np.uint8).T, datyp=7, nbits=8)
    for number in (1, 2, 3):
        at = {"ig3": round(100 * (lat[number - 1] + 100)), "ig4": round(100 * lon[number - 1])}
        for nomvar, n_levels in (("TT", 3), ("UU", 3), ("P0", 1)):
            out.shape = (n_levels, 4)
            out.field(nomvar, grtyp="+", deet=0, ip2=1200, ip3=number, **at)


def types(out: Out) -> None:
    """Integers, double precision, rounded and compressed values."""
    whole = np.arange(30).reshape(6, 5)
    out.field("UI", whole.astype(np.uint32))
    out.field("SI", (whole - 15).astype(np.int32))
    out.field("DD", whole / 7, datyp=5, nbits=64)
    out.field("RR", pattern(2, 6, 5), datyp=6, nbits=12)
    out.field("CC", pattern(3, 6, 5), datyp=134, nbits=16)


def missing_points(out: Out) -> None:
    """Missing values flagged in the data (+64)."""
    hidden = np.zeros(out.shape, bool)
    hidden[1, 1] = hidden[4, 3] = True
    out.field("TM", np.ma.masked_array(pattern(1, 6, 5), hidden))
    out.field("TM", np.ma.masked_array(pattern(2, 6, 5), hidden), hour=6)


def polar(out: Out) -> None:
    """Polar stereographic with a pole between points, north and south, and Z on them."""
    for nomvar, grtyp in (("NN", "N"), ("SS", "S")):
        ref = grid.encode(grtyp, pi=10.3, pj=25.7, d60=60000, dgrw=21)
        out.common.update(zip(("ig1", "ig2", "ig3", "ig4"), ref, strict=True), grtyp=grtyp)
        out.field(nomvar)
    for nomvar, grtyp, tag in (("ZN", "N", (6001, 6002, 0)), ("ZS", "S", (7001, 7002, 0))):
        ref = grid.encode(grtyp, pi=0, pj=0, d60=60000, dgrw=21)
        out.axes(-2 + 0.25 * np.arange(6), 3 + 0.25 * np.arange(5), tag, (grtyp, ref))
        out.field(nomvar)


def hollow(out: Out) -> None:
    """A Z grid whose axes are not there."""
    out.common.update(grtyp="Z", ig1=1001, ig2=1002, ig3=0, ig4=0)
    out.fields("TT", hours=(0, 6), ip1s=PRESSURES[:2])
    out.common.update(grtyp="L", **dict(zip(("ig1", "ig2", "ig3", "ig4"), LATLON, strict=True)))
    out.fields("P0", hours=(0, 6))


FILES: dict[str, Maker] = {
    maker.__name__.replace("_", "-"): maker
    for maker in (
        hours,
        rotated,
        runs,
        overlapping_runs,
        incomplete,
        accumulations,
        periods,
        members,
        surface,
        masked,
        lone_mask,
        typvars,
        etikets,
        kinds,
        depths,
        kind_21,
        old_and_new,
        diagnostic,
        diagnostic_at_surface,
        no_table,
        no_p0,
        hy,
        two_grids,
        core_and_halo,
        dated_latlon,
        mesh,
        stations,
        curvilinear,
        series,
        types,
        missing_points,
        polar,
        hollow,
    )
}
FILES.update({f"hybrid-{vcode}": _hybrid(vcode) for vcode in TABLES})


def make(name: str, folder: Path) -> Path:
    """The file ``name``, written into a folder."""
    path = folder / f"{name}.fst"
    out = Out(path)
    with out.file:
        FILES[name](out)
    return path


def as_xdf(name: str, folder: Path) -> Path:
    """A copy of a golden file in XDF: fstd2nc fails on files of both containers together."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    with fst24.open(golden(name)) as f, fst24.open(path, "w", backend="XDF") as out:
        for record in f:
            out.write(record, metadata={})
    return path


def with_fields(real: Path, folder: Path) -> Path:
    """A real file that holds axes alone, and a field on each pair of them."""
    path = folder / f"{real.stem}-fields.fst"
    with fst24.open(real) as f, fst24.open(path, "w") as out:
        for record in f:
            out.write(record)
        xs, ys = f.read_records(nomvar=">>"), f.read_records(nomvar="^^")
        for n, (x, y) in enumerate(zip(xs, ys, strict=True)):
            tag: dict[str, Any] = {"ig1": x.ip1, "ig2": x.ip2, "ig3": x.ip3}
            field = pattern(1, x.ni, y.nj)
            out.write(field, nomvar=f"F{n}", grtyp="Z", **tag, origin_time=START)
    return path


if __name__ == "__main__":
    for known in FILES:
        make(known, Path(sys.argv[1]))
    for known in (*GEM, *YIN_YANG):
        as_xdf(known, Path(sys.argv[1]))
    for known in REAL_FILES if REAL.is_dir() else ():
        with_fields(REAL / known, Path(sys.argv[1]))
