"""Compare records and files, as ``fst24 diff`` does (``docs/guide/compare.md``).

>>> with fst24.open(sample) as a, fst24.open(sample_later) as b:
...     pairs, only_a, only_b = match(a, b, keys=["nomvar", "ip1"])
...     place = [i for i, _ in pairs if a[i].nomvar == "P0"][0]
...     found = records(a[place], b[dict(pairs)[place]], atol=50.0)
>>> found.verdict, len(only_a), len(only_b)
('within', 0, 0)
"""

from ._match import FIELDS, GRID, KEYS, Matches, match
from ._packing import Tolerance, packing_error
from ._records import Comparison, records
from ._statistics import Statistics, values

__all__ = [
    "FIELDS",
    "GRID",
    "KEYS",
    "Comparison",
    "Matches",
    "Statistics",
    "Tolerance",
    "match",
    "packing_error",
    "records",
    "values",
]
