"""The codes ig1 to ig4 and the parameters that they stand for (``metadata.md``, 7.2)."""

from __future__ import annotations

from fst24 import _core
from fst24._errors import EncodingError, InvalidArgumentError, UnsupportedError

#: Parameters by grtyp, in the order of the reference.
_ROUND = ("hemisphere", "north_to_south")
_POLAR = ("pi", "pj", "d60", "dgrw")
PARAMETERS: dict[str, tuple[str, ...]] = {
    "A": _ROUND,
    "B": _ROUND,
    "G": _ROUND,
    "L": ("lat0", "lon0", "dlat", "dlon"),
    "N": _POLAR,
    "S": _POLAR,
    "E": ("lat1", "lon1", "lat2", "lon2"),
}


def as_code(grtyp: str) -> int:
    """The byte of a grtyp; 0 for none."""
    if len(grtyp) > 1 or not grtyp.isascii():
        raise InvalidArgumentError(f"grtyp is one letter or sign, not {grtyp!r}")
    return ord(grtyp) if grtyp else 0


def _names(grtyp: str) -> tuple[str, ...]:
    names = PARAMETERS.get(grtyp)
    if names is None:
        known = ", ".join(PARAMETERS)
        raise UnsupportedError(f"ig1 to ig4 of grtyp {grtyp!r} are no parameters; of {known} are")
    return names


def decode(grtyp: str, ig1: int, ig2: int, ig3: int, ig4: int) -> dict[str, float]:
    """What ig1 to ig4 stand for, by name.

    Parameters
    ----------
    grtyp : {"A", "B", "G", "L", "N", "S", "E"}
        Of a field, or of the axes ``>>`` and ``^^``.

    Returns
    -------
    dict
        A, B, G: ``hemisphere`` (0 both, 1 north, 2 south), ``north_to_south`` (1 when j runs so).
        L: ``lat0 lon0 dlat dlon``, degrees. N, S: ``pi pj`` (the pole in indices from 1), ``d60``
        (grid length at 60 degrees, m), ``dgrw`` (degrees). E: ``lat1 lon1 lat2 lon2``, degrees.

    >>> decode("E", 1350, 460, 57600, 0)
    {'lat1': 45.0, 'lon1': 270.0, 'lat2': 46.0, 'lon2': 0.0}
    """
    names = _names(grtyp)
    values = _core.ig_decode(as_code(grtyp), (ig1, ig2, ig3, ig4))
    return dict(zip(names, values, strict=False))


def encode(grtyp: str, **parameters: float) -> tuple[int, int, int, int]:
    """The codes ig1 to ig4 of parameters, under the names that `decode` gives.

    Steps and longitudes of L are rounded to 0.01 degrees, rotations to 0.025, and polar grids that
    are large or lie far from the pole to a hundredth of a degree and 100 m: `decode` tells.

    Raises
    ------
    EncodingError
        Values out of range.
    InvalidArgumentError
        A parameter too many or too few.

    >>> encode("N", pi=10.3, pj=25.7, d60=60000, dgrw=21)
    (257, 103, 2100, 600)
    """
    names = _names(grtyp)
    if set(parameters) != set(names):
        raise InvalidArgumentError(f"grtyp {grtyp} has the parameters {', '.join(names)}")
    given = [float(parameters[name]) for name in names] + [0.0, 0.0]
    try:
        return _core.ig_encode(as_code(grtyp), (given[0], given[1], given[2], given[3]))
    except InvalidArgumentError as error:
        raise EncodingError(str(error)) from None
