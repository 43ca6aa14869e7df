"""What is meant to differ from fstd2nc, and why. `docs/guide/from-fstd2nc.md` tells it to users."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conformance.xarray.compare import Finding


@dataclass(frozen=True)
class Difference:
    """Findings at ``where`` in ``cases``, each some patterns separated by blanks.

    theirs is what they have there, or a pattern of it: a difference covers nothing else.
    """

    where: str
    cases: str
    why: str
    theirs: str = "*"

    def covers(self, case: str, finding: Finding) -> bool:
        """Whether a finding is this one."""
        return (
            any(fnmatchcase(finding.where, one) for one in self.where.split())
            and any(fnmatchcase(case, one) for one in self.cases.split())
            and fnmatchcase(str(finding.theirs), self.theirs)
        )


POLAR = "grid-N-* grid-S-* grid-Z-POLAR* polar-*"

DIFFERENCES: tuple[Difference, ...] = (
    # ------------------------------------------------------------------------- horizontal
    Difference(
        "crs.earth_radius",
        "*",
        "6371000 m is the sphere of the formulas that give the positions",
        "6370997.0",
    ),
    Difference(
        "xc.values yc.values crs.false_easting crs.false_northing",
        POLAR,
        "theirs count from the first point with rounded offsets, and on Z as if the axis were "
        "regular; ours are metres from the pole (cf.md, 11.1: 1)",
    ),
    Difference(
        "crs.straight_vertical_longitude_from_pole",
        "grid-S-POLAR grid-Z-POLAR-SOUT polar-SS polar-ZS",
        "theirs has the sign of the north (cf.md, 11.1: 1)",
    ),
    Difference(
        "crs.resolution_at_standard_parallel",
        POLAR,
        "no attribute of CF; the axes say it",
    ),
    Difference(
        "j.name i.name",
        "grid-E-ROTATED",
        "they find no positions for this grid E",
        "[ij]",
    ),
    Difference(
        "FLD.dims FLD.shape",
        "grid-U-PLAIN",
        "they lose the panels of an unrotated yin (cf.md, 11.1: 4)",
    ),
    Difference(
        "j.name i.name lat.name lon.name",
        "real-sous-grille",
        "of two pairs of axes under one tag they lose one (cf.md, 11.1: 4)",
    ),
    Difference(
        "longitude.values",
        "grid-Y-NEGATIVE-L",
        "theirs are regular from 166.5, which nothing in the file says; ours are those of >>",
    ),
    Difference(
        "x.missing y.missing",
        "yy-stack",
        "rotated coordinates of two panels, one after the other, are no coordinates of an axis",
    ),
    Difference(
        "rlon.values crs.north_pole_grid_longitude",
        "yy-yin yy-yang",
        "a panel keeps the axes of the file, which both panels have in common",
    ),
    Difference(
        "TT.dims TT.shape latitude.shape longitude.shape",
        "dated-latlon",
        "LA and LO of a date give theirs a second time axis (cf.md, 11.1: 6)",
        "*1*",
    ),
    # ---------------------------------------------------------------------------- vertical
    Difference(
        "level.name",
        "gem-0* gem-all* gem-filter gem-bounds gem-rlon gem-diag-* ens* diagnostic* hybrid-*",
        "level_m and level_t where the levels are those lists of a table",
        "level[12]",
    ),
    Difference(
        "level.standard_name",
        "gem-* ens* yy* diagnostic* no-p0 strict-vertical hybrid-5*",
        "CF has no such name (cf.md, 11.3)",
        "atmosphere_hybrid_sigma_ln_pressure_coordinate",
    ),
    Difference(
        "level.formula_terms level.formula",
        "kinds hybrid-1001 hybrid-1002",
        "CF wants ptop among the terms of sigma, 0 where the file has none",
    ),
    Difference(
        "level.standard_name",
        "kinds",
        "a standard name that demands a formula is left out where P0 is not in the file",
        "atmosphere_sigma_coordinate",
    ),
    Difference(
        "level.formula_terms level.formula az.missing",
        "hybrid-21003",
        "the terms of CF's SLEVE coordinate are a, b1, b2, ztop, zsurf1, zsurf2 (cf.md, 11.3)",
    ),
    Difference(
        "ap.values",
        "hy hybrid-5001",
        "Pa, the unit of CF's standard name for the term; theirs are hPa without saying so",
    ),
    Difference(
        "a.values b.values",
        "hybrid-5003",
        "theirs is not the row of the table for 0.995, which both of its lists have",
    ),
    Difference(
        "a.values",
        "diagnostic",
        "the table has a row for the diagnostic level; theirs is that of 1.0",
    ),
    Difference(
        "??.shape",
        "gem-0* diagnostic-at-surface",
        "they keep one of a model level 1.0 and a diagnostic one (cf.md, 11.1: 7); without the "
        "latter all values are compared in gem-all",
    ),
    Difference(
        "TT.extra TT_height_levels.missing TT_model_levels.missing",
        "no-table",
        "a diagnostic level stays with its variable without a table, too; diag='split' parts them",
    ),
    Difference(
        "??.shape",
        "gem-thermo gem-momentum",
        "they leave out the levels that both lists of the table have",
    ),
    Difference(
        "level.formula_terms",
        "no-p0 strict-vertical",
        "a formula is not given where the field P0, which it needs, is not in the file",
    ),
    Difference(
        "??.extra",
        "gem-diag-only diagnostic-only",
        "fields without a level are on no other level",
    ),
    Difference(
        "height.name height.standard_name",
        "kinds",
        "kind 0 is above the sea: altitude in CF",
        "height*",
    ),
    Difference(
        "height.name TM.shape",
        "depths",
        "they cannot decode depths (cf.md, 11.1: 3)",
    ),
    Difference(
        "height.name height.standard_name height.positive height.values depth.name depth.values",
        "mask-xdf mask-rsf mask-not-applied",
        "the depths of these fields, of kind 7, are 0 in theirs (cf.md, 11.1: 3)",
    ),
    Difference(
        "height.name sfctype.name soil_depth.name",
        "gem-diag-* masked masked-not-applied surface-vars soil-vars",
        "axes are numbered in the order of the file, not of the alphabet",
        "*[12]",
    ),
    Difference(
        "level.name",
        "series",
        "series have levels, those of their own lists, without naming the variables that use them",
        "level",
    ),
    # -------------------------------------------------------------------------------- time
    Difference(
        "time.standard_name",
        "*dateo overlapping-runs",
        "with a forecast axis, time holds dates of origin",
        "time",
    ),
    Difference(
        "leadtime.missing reftime.missing",
        "*dateo overlapping-runs",
        "they repeat time and the last of forecast, which is no lead time of a whole row",
    ),
    Difference(
        "MG.dims MG.shape forecast.name",
        "hours-dateo",
        "a field without a date has no lead time",
        "*1*",
    ),
    Difference(
        "forecast.name", "hours-dateo", "for the same reason there is one axis", "forecast2"
    ),
    Difference(
        "ip3_values.name",
        "accumulations",
        "an axis of the numbers in ip3 is called so",
        "ip3_values",
    ),
    Difference(
        "PR.dims PR.shape QQQ.dims QQQ.shape",
        "accumulations-none",
        "they keep one of several ip3 without a word (cf.md, 11.1: 2)",
    ),
    # --------------------------------------------------------------------- names and others
    Difference(
        "ensemble_id.name", "ens members-ensembles", "one name for the dimension and its labels"
    ),
    Difference(
        "TT_*.missing P0_*.missing TT.extra P0.extra",
        "members",
        "members make an axis without being asked; ensemble=False parts them",
    ),
    Difference(
        "??.kind ??.level_descr ??.special_level",
        "gem-all-header",
        "what they make of ip1, and no field of a header",
    ),
    Difference(
        "*_data.name",
        "mask-not-applied masked-not-applied",
        "a field has its name whether masks are applied or not",
    ),
    Difference("TM.extra", "lone-mask", "a mask alone is kept (cf.md, 11.5: 115)"),
)
