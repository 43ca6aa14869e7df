"""Which files are opened with which options, theirs (fstd2nc's Buffer) and ours (to_xarray).

Plain Python and the standard library: the maker of the references reads it too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

GEM = tuple(f"model/gem-2024051712_{hour}.fst" for hour in ("000", "003", "006"))
ENSEMBLE = tuple(
    f"model/ens-2024051712_{hour}_{member}.fst"
    for hour in ("000", "003")
    for member in ("001", "002", "003")
)
PRESS = tuple(f"model/press-2024051712_{hour}.fst" for hour in ("000", "003"))
YIN_YANG = tuple(f"model/yy-2024051712_{hour}.fst" for hour in ("000", "003"))
GRIDS = "grids/xdf-grids.fst"
#: Of ``shared/golden/real``, which is not part of the repository.
REAL_FILES = ("axay2", "sous-grille.fst")


@dataclass(frozen=True)
class Case:
    """One Dataset.

    files    golden files (with a slash) or names of `files.FILES`.
    theirs   options of ``fstd2nc.Buffer``.
    ours     options of ``to_xarray`` that say the same.
    """

    name: str
    files: tuple[str, ...]
    theirs: dict[str, Any] = field(default_factory=dict)
    ours: dict[str, Any] = field(default_factory=dict)


#: Golden model files have a level 1.0 and a diagnostic one, which theirs cannot both keep.
_WITHOUT_DIAG: tuple[dict[str, Any], dict[str, Any]] = (
    {"ignore_diag_level": True},
    {"diag": "drop"},
)


def _cases() -> list[Case]:
    out: list[Case] = []

    def add(
        name: str,
        files: str | tuple[str, ...],
        theirs: dict[str, Any] | None = None,
        ours: dict[str, Any] | None = None,
    ) -> None:
        listed = (files,) if isinstance(files, str) else files
        out.append(Case(name, listed, theirs or {}, ours or {}))

    for hour, path in zip(("000", "003", "006"), GEM, strict=True):
        add(f"gem-{hour}", path)
    add("gem-all", GEM, *_WITHOUT_DIAG)
    plain_theirs, plain_ours = _WITHOUT_DIAG
    add(
        "gem-all-dateo", GEM, {"dateo": True, **plain_theirs}, {"forecast_axis": True, **plain_ours}
    )
    header = {"rpnstd_metadata": True}
    add("gem-all-header", GEM, header | plain_theirs, header | plain_ours)
    names = ["nomvar", "ip2"]
    add(
        "gem-all-list",
        GEM,
        {"metadata_list": "nomvar,ip2", **plain_theirs},
        {"attrs": names, **plain_ours},
    )
    add(
        "gem-vars",
        GEM,
        {"vars": "TT,P0", **plain_theirs},
        {"variables": ["TT", "P0"], **plain_ours},
    )
    add(
        "gem-filter",
        GEM,
        {"filter": ["ip2==3"], **plain_theirs},
        {"select": {"ip2": 3}, **plain_ours},
    )
    add("gem-thermo", GEM[1], {"thermodynamic_levels": True}, {"levels": "thermo"})
    add("gem-momentum", GEM[1], {"momentum_levels": True}, {"levels": "momentum"})
    add("gem-bounds", GEM[0], {"bounds": True, **plain_theirs}, {"bounds": True, **plain_ours})
    add(
        "gem-rlon", GEM[0], {"no_adjust_rlon": True, **plain_theirs}, {"rlon": "file", **plain_ours}
    )
    for what, ours in (("ignore", "drop"), ("only", "only"), ("split", "split")):
        add(f"gem-diag-{what}", GEM[0], {f"{what}_diag_level": True}, {"diag": ours})
    add("ens", ENSEMBLE, {"ensembles": True}, {"ensemble": True})
    add("ens-001", ENSEMBLE[3])
    add("press", PRESS)
    add("press-bounds", PRESS[0], {"bounds": True}, {"bounds": True})
    add("yy", YIN_YANG, {"subgrid_axis": True})
    add("yy-stack", YIN_YANG, {}, {"subgrid": "stack"})
    add("yy-yin", YIN_YANG, {"yin": True}, {"subgrid": "yin"})
    add("yy-yang", YIN_YANG, {"yang": True}, {"subgrid": "yang"})
    for etiket in _ETIKETS:
        add(
            f"grid-{etiket}",
            GRIDS,
            {"filter": [f"etiket=='{etiket}'"]}
            | ({"subgrid_axis": True} if etiket[0] == "U" else {}),
            {"select": {"etiket": etiket}},
        )
    for container in ("xdf", "rsf"):
        add(f"mask-{container}", f"fields/{container}-mask.fst")
        add(f"missing-off-{container}", f"fields/{container}-missing-off.fst")
    add("mask-not-applied", "fields/xdf-mask.fst", {"no_apply_masks": True}, {"masks": "separate"})
    for name in _MADE:
        add(name, name)
    for name in ("NN", "SS", "ZN", "ZS"):
        add(f"polar-{name}", "polar", {"vars": name}, {"variables": [name]})
    add("hours-dateo", "hours", {"dateo": True}, {"forecast_axis": True})
    add("hours-bounds", "hours", {"bounds": True}, {"bounds": True})
    add("runs-dateo", "runs", {"dateo": True}, {"forecast_axis": True})
    add("overlapping-runs", "overlapping-runs", {"dateo": True}, {"forecast_axis": True})
    add("accumulations-none", "accumulations", {"no_accum": True}, {"accumulated": False})
    add("accumulations-vars", "accumulations", {"accum_vars": "QQQ"}, {"accumulated": ["QQQ"]})
    add("members-ensembles", "members", {"ensembles": True}, {"ensemble": True})
    add("surface-vars", "surface", {"sfc_agg_vars": "I0"}, {"surface_types": ["I0"]})
    add("soil-vars", "surface", {"soil_depth_vars": "I0"}, {"soil_layers": ["I0"]})
    depths = [0.1, 0.2, 0.4, 1.0, 2.0, 3.0, 4.0]
    add("soil-depths", "surface", {"soil_depths": depths}, {"soil_depths": depths})
    add("typvars-ignored", "typvars", {"ignore_typvar": True}, {"ignore": ["typvar"]})
    add("etikets-ignored", "etikets", {"ignore_etiket": True}, {"ignore": ["etiket"]})
    add("masked-not-applied", "masked", {"no_apply_masks": True}, {"masks": "separate"})
    for what, ours in (("ignore", "drop"), ("only", "only"), ("split", "split")):
        add(f"diagnostic-{what}", "diagnostic", {f"{what}_diag_level": True}, {"diag": ours})
    add("strict-vertical", "no-p0", {"strict_vcoord_match": True}, {"strict_vertical": True})
    add("cropped", "core-and-halo", {"crop_to_smallest_grid": True}, {"crop": "smallest"})
    return out


_ETIKETS = (
    "L-REGIONAL", "L-GLOBAL", "L-DATELINE", "N-POLAR", "N-NS", "S-POLAR",
    "A-GLOBAL", "A-NORTH", "A-SOUTH", "A-FLIPPED", "B-GLOBAL", "B-NORTH", "B-SOUTH", "B-FLIPPED",
    "G-GLOBAL", "G-NORTH", "G-SOUTH", "G-FLIPPED", "E-GLOBAL", "E-ROTATED",
    "Z-ROTATED", "Z-UNROTATED", "Z-STRETCHED", "Z-LATLON", "Z-GAUSSIAN-L", "Z-POLAR",
    "Z-POLAR-SOUT", "Y-STATIONS", "Y-FIELD", "Y-NEGATIVE-L", "O-CURVILINEA", "U-YINYANG",
    "U-PLAIN", "X-NONE",
)  # fmt: skip
#: Files of which the default Dataset is compared. fstd2nc fails on `kind-21`, and is wrong on
#: `depths`, `old-and-new` and `dated-latlon`: cf.md, 11, which has tests of its own.
_MADE = (
    "hours", "rotated", "runs", "incomplete", "accumulations", "periods", "members", "surface",
    "masked", "typvars", "etikets", "kinds", "diagnostic", "no-table", "no-p0", "hy", "two-grids",
    "core-and-halo", "mesh", "stations", "curvilinear", "series", "types", "missing-points",
    "hollow", "hybrid-1001", "hybrid-1002", "hybrid-5001", "hybrid-5002", "hybrid-5003",
    "hybrid-5004", "hybrid-5005", "hybrid-5100", "hybrid-21001", "hybrid-21002", "hybrid-21003",
    "diagnostic-at-surface", "depths", "kind-21", "old-and-new", "dated-latlon", "lone-mask",
)  # fmt: skip

#: Made of real files by `files.with_fields`: checked where these are.
REAL_CASES = tuple(
    Case(f"real-{name.split('.')[0]}", (f"{name.split('.')[0]}-fields",)) for name in REAL_FILES
)
CASES: dict[str, Case] = {case.name: case for case in _cases()}
