"""The guide for users of fstd2nc names all its options, and none of ours that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

from fst24.xarray._options import OPTION_NAMES

GUIDE = (Path(__file__).parents[3] / "docs/guide/from-fstd2nc.md").read_text(encoding="utf-8")

#: Options of ``python -m fstd2nc --help``, version 0.20260914.
THEIRS = """
-h --help --version --no-progress -q --quiet --serial --minimal-metadata --internal-metadata
--rpnstd-metadata --metadata-list --rpnstd-metadata-list --ignore-typvar --ignore-etiket --vars
--fill-value --no-apply-masks --datev --squash-forecasts --dateo --forecast-axis --accum-vars
--no-accum --ensembles --profile-momentum-vars --profile-thermodynamic-vars
--missing-bottom-profile-level --vardict --opdict --sfc-agg-vars --soil-depth-vars --soil-depths
--strict-vcoord-match --diag-as-model-level --split-diag-level --ignore-diag-level
--only-diag-level --thermodynamic-levels --tlev --momentum-levels --mlev
--vertical-velocity-levels --wlev --subgrid-axis --no-adjust-rlon --bounds --gmap-dummy-type
--ignore-igx --filter --exclude --yin --yang --crop-to-smallest-grid --extended-metadata
--metadata-file --rename --conventions --no-conventions --time-units --reference-date
--fstd-compat --msglvl --nc-format --zlib --compression -f --force --no-history
""".split()  # noqa: SIM905 - readable


def test_the_guide_has_each_option_of_theirs() -> None:
    named = set(re.findall(r"`(-[-a-z0-9]+)", GUIDE))
    assert not set(THEIRS) - named


def test_the_guide_names_options_that_there_are() -> None:
    first_columns = [line.split("|")[2] for line in GUIDE.splitlines() if line.startswith("| `--")]
    named = {n for cell in first_columns for n in re.findall(r"`([a-z_]+)=", cell)}
    assert named
    assert not named - set(OPTION_NAMES)
