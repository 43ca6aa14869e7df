"""`Vertical`: one vertical coordinate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from fst24 import ip
from fst24._arrays import as_int32
from fst24._errors import InvalidArgumentError, make_error

from . import _cf
from ._bounds import bounds_of
from ._formula import Formula
from ._rules import PA_PER_HPA, Rule, kind_of_all, rule_of_hy, rule_of_pt
from ._table import read_table
from ._versions import BARE, VERSIONS

if TYPE_CHECKING:
    import numpy.typing as npt

    from fst24._errors import Fst24Error
    from fst24._record import Fst24Record

    from ._bounds import LevelBounds
    from ._versions import Layout, Version

    _Codes: TypeAlias = npt.NDArray[np.int32]
    _Reals: TypeAlias = npt.NDArray[np.float64]

#: The same level in old and new style (metadata.md, trap 2).
_TOLERANCE = 1e-6
#: The surface that nominal pressures are over, in hPa.
_NOMINAL_SURFACE = 1000.0
#: What is above the level when its value is less: sigma, pressure, hybrid, depth.
_DOWNWARD = (1, 2, 5, 7)
_ABOVE_GROUND = 4
#: Means nothing, as do numbers of more than 32 bits.
_NO_CODE = 32768


class LevelRows(NamedTuple):
    """Levels and their coefficients, one row each."""

    ip1: npt.NDArray[np.int32]
    #: float32 in the unit of its kind, and the kind, as `fst24.ip.decode` gives them.
    value: npt.NDArray[np.float32]
    kind: npt.NDArray[np.int32]
    #: float64: for pressures in Pa (of their logarithm in 5002 to 5100) and heights in m.
    a: npt.NDArray[np.float64]
    b: npt.NDArray[np.float64]
    c: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Vertical:
    """A vertical coordinate: made by `Fst24File.vertical`, `from_record` or `from_ip1s`.

    Coordinates are equal when they say the same. They can be pickled, and shared by threads.

    Attributes
    ----------
    kind, version : int
        As in a ``!!``: 5 and 5 for 5005. Levels without a descriptor are 1001, 2001 and 4001, or
        of version 0.
    source : {"!!", "HY", "PT", "ip1"}
        What it was made of.
    ip1s : ndarray of int32
        All levels, each once, from top to bottom as far as they were given so.
    momentum, thermodynamic, vertical_velocity : ndarray of int32
        The ip1 of the levels where fields of these families live, surface and diagnostic levels
        included; the same ones where levels are not staggered.
    ptop, pref : float or None
        Pressure at the top, reference pressure: Pa.
    rcoefs : tuple of float
        Exponents that the coefficients were made with, those that are given.
    references : tuple of str
        Names of the fields that levels follow: of B, then of C.

    >>> with fst24.open(sample) as f:
    ...     v = Vertical.from_record(f.find(nomvar="!!"))
    >>> v.vcode, v.references, v.pref, len(v.momentum), v.diagnostic.tolist()
    (5005, ('P0',), 100000.0, 12, [75597472, 76696048])
    """

    kind: int
    version: int
    source: Literal["!!", "HY", "PT", "ip1"]
    ip1s: _Codes
    momentum: _Codes
    thermodynamic: _Codes
    vertical_velocity: _Codes
    ptop: float | None
    pref: float | None
    rcoefs: tuple[float, ...]
    references: tuple[str, ...]
    _coefficients: _Reals
    #: None when there is a table, which lists all levels that there are.
    _rule: Rule | None

    # ------------------------------------------------------------------------------ making

    @classmethod
    def from_record(cls, record: Fst24Record, ip1s: npt.ArrayLike | None = None) -> Vertical:
        """The coordinate that a descriptor describes.

        Parameters
        ----------
        record : Fst24Record
            A ``!!``, a ``HY`` or a ``PT``.
        ip1s : array_like of int, optional
            Levels that use it. A ``HY`` and a ``PT`` need them: they list none.

        Raises
        ------
        CorruptFileError
            A table that is cut or contradicts itself, pressures that cannot be.
        UnsupportedError
            A ``!!`` of an unknown version.
        InvalidArgumentError
            Another record, or levels that it is not for.
        """
        if record.nomvar == "!!":
            made = cls._from_table(record)
            if ip1s is not None:
                made.levels(ip1s)
            return made
        if record.nomvar not in ("HY", "PT"):
            raise _refused(record, "describes no levels: !!, HY and PT do")
        if ip1s is None:
            raise _refused(record, "lists no levels: give the ip1s of the fields")
        codes = _as_codes(ip1s)
        kind = kind_of_all(codes)
        if record.nomvar == "HY" and kind in (1, 5):
            return cls._from_rule(rule_of_hy(record, kind), codes, "HY")
        if record.nomvar == "PT" and kind == 1:
            return cls._from_rule(rule_of_pt(record), codes, "PT")
        raise _refused(record, f"is not for levels of kind {kind}: Vertical.from_ip1s is")

    @classmethod
    def from_ip1s(cls, ip1s: npt.ArrayLike) -> Vertical:
        """The coordinate of levels of one kind without any descriptor.

        Levels of kind 1 are sigma, those of kind 5 and 21 lack what makes pressures and heights.

        >>> Vertical.from_ip1s([500, 850, 1000])
        <Vertical 2001 pressure, 3 levels>
        """
        codes = _as_codes(ip1s)
        vcode = BARE[kind_of_all(codes)]
        references = ("P0",) if vcode == BARE[1] else ()
        return cls._from_rule(Rule(vcode, references=references), codes, "ip1")

    @classmethod
    def _from_table(cls, record: Fst24Record) -> Vertical:
        table = read_table(record)
        ip1s, first = np.unique(table.ip1s, return_index=True)
        first = np.sort(first)
        ip1s = table.ip1s[first]
        kind, version = divmod(table.vcode, 1000)
        return cls(
            kind=kind,
            version=version,
            source="!!",
            ip1s=_fixed(ip1s),
            momentum=_fixed(table.lists.momentum),
            thermodynamic=_fixed(table.lists.thermodynamic),
            vertical_velocity=_fixed(table.lists.vertical_velocity),
            ptop=table.ptop,
            pref=table.pref,
            rcoefs=table.rcoefs,
            references=table.references,
            _coefficients=_fixed(table.coefficients[first]),
            _rule=None,
        )

    @classmethod
    def _from_rule(cls, rule: Rule, codes: _Codes, source: Literal["HY", "PT", "ip1"]) -> Vertical:
        kind, version = divmod(rule.vcode, 1000)
        value = ip.decode(codes).value.astype(np.float64)
        _, first = np.unique(value, return_index=True)
        codes, value = codes[first], value[first]
        if kind not in _DOWNWARD:
            codes, value = codes[::-1], value[::-1]
        codes = _fixed(codes)
        return cls(
            kind=kind,
            version=version,
            source=source,
            ip1s=codes,
            momentum=codes,
            thermodynamic=codes,
            vertical_velocity=codes,
            ptop=rule.ptop,
            pref=rule.pref,
            rcoefs=(rule.rcoef,) if rule.pref else (),
            references=rule.references,
            _coefficients=_fixed(rule.coefficients(value)),
            _rule=rule,
        )

    # ------------------------------------------------------------------------------- facts

    @property
    def vcode(self) -> int:
        """1000 x kind + version."""
        return 1000 * self.kind + self.version

    @property
    def name(self) -> str:
        """What it is called."""
        return self._version.name

    @property
    def layout(self) -> Layout:
        """How the lists of levels stand to each other: "one" list, or staggered ones."""
        return self._version.layout

    @property
    def _version(self) -> Version:
        return VERSIONS[self.vcode]

    @property
    def diagnostic(self) -> _Codes:
        """The ip1 of near-surface levels that a table lists: heights above ground (kind 4)."""
        if self.kind == _ABOVE_GROUND:
            return self.ip1s[:0]
        found: _Codes = self.ip1s[ip.decode(self.ip1s).kind == _ABOVE_GROUND]
        return found

    @property
    def has_pressure(self) -> bool:
        """Whether `pressure` works."""
        return self._version.form in ("linear", "log")

    @property
    def has_height(self) -> bool:
        """Whether `height` works."""
        return self._version.form == "height"

    def __contains__(self, ip1: object) -> bool:
        """Whether a level, in any style, is on this coordinate."""
        if not isinstance(ip1, int | np.integer):
            return False
        try:
            self.levels([int(ip1)])
        except InvalidArgumentError:
            return False
        return True

    def _key(self) -> tuple[Any, ...]:
        arrays = (self.ip1s, self.momentum, self.thermodynamic, self.vertical_velocity)
        return (
            *(self.vcode, self.source, self.ptop, self.pref, self.rcoefs, self.references),
            *(array.tobytes() for array in (*arrays, self._coefficients)),
        )

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Vertical) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        by = f", {' '.join(self.references)}" if self.references else ""
        n = len(self.ip1s)
        return f"<Vertical {self.vcode} {self.name}, {n} level{'s' * (n != 1)}{by}>"

    # ------------------------------------------------------------------------------ levels

    def levels(self, ip1s: npt.ArrayLike | None = None) -> LevelRows:
        """Values and coefficients of levels.

        Parameters
        ----------
        ip1s : array_like of int, optional
            Any order, old style or new; all levels without it.

        Raises
        ------
        InvalidArgumentError
            A level that is not on this coordinate.

        >>> with fst24.open(sample) as f:
        ...     rows = f.vertical(f.find(nomvar="UU")).levels([93423264])
        >>> rows.value, rows.b
        (array([1.], dtype=float32), array([1.]))
        """
        codes = self.ip1s if ip1s is None else _as_codes(ip1s)
        value, kind = ip.decode(codes)
        if self._rule is None:
            rows = self._coefficients[self._rows(codes, value, kind)]
        else:
            wrong = kind != self.kind
            if wrong.any():
                raise self._no_level(codes[wrong][0])
            rows = self._rule.coefficients(value.astype(np.float64))
        return LevelRows(codes, value, kind, *rows.T)

    def _rows(self, codes: _Codes, value: npt.NDArray[Any], kind: npt.NDArray[Any]) -> list[int]:
        """Places of levels in the table: by their code, else by what it means."""
        places = {code: at for at, code in enumerate(self.ip1s.tolist())}
        rows = [places.get(code, -1) for code in codes.tolist()]
        if -1 in rows:
            listed = ip.decode(self.ip1s)
            for i in (i for i, row in enumerate(rows) if row < 0):
                same = (listed.kind == kind[i]) & np.isclose(
                    listed.value, value[i], rtol=_TOLERANCE, atol=0
                )
                if not same.any():
                    raise self._no_level(codes[i])
                rows[i] = int(np.argmax(same))
        return rows

    def _no_level(self, code: int) -> InvalidArgumentError:
        value, kind = ip.decode(int(code))
        return InvalidArgumentError(
            f"ip1 {int(code)} (value {value:g} of kind {kind}) is not a level of {self!r}: its ip1s"
            " lists them, f.vertical(record) finds the coordinate of a record"
        )

    def bounds(self, ip1s: npt.ArrayLike | None = None) -> LevelBounds | None:
        """The ends of levels, of their values and of their coefficients.

        Momentum levels end where thermodynamic ones are, and these at momentum levels (those of
        vertical velocity, in 21002). Where levels are not staggered, layers meet half-way. The
        first layer begins at ``ptop`` where the table gives it; else, as on the ground, it ends
        at its level. Diagnostic levels are points. A level of both families is one of momentum,
        unless all levels asked for are thermodynamic.

        Parameters
        ----------
        ip1s : array_like of int, optional
            Levels in any order; all of them without it.

        Returns
        -------
        LevelBounds or None
            None where no table lists all levels of a model: pressures, heights, levels without
            a ``!!``.

        Raises
        ------
        InvalidArgumentError
            A level that is not on this coordinate.

        >>> with fst24.open(sample) as f:
        ...     v = f.vertical(f.find(nomvar="TT"))
        >>> v.bounds(v.thermodynamic[[0]]).value.tolist() == [v.levels().value[:2].tolist()]
        True
        """
        codes = self.levels(ip1s).ip1
        if self._rule is None and len(codes):
            codes = self.ip1s[self._rows(codes, *ip.decode(codes))]
        return bounds_of(self, codes)

    # ------------------------------------------------------------------ pressure and height

    def formula(self, ip1s: npt.ArrayLike | None = None) -> Formula:
        """What makes the pressure or the height of levels from the reference fields.

        Raises
        ------
        InvalidArgumentError
            A level is not on this coordinate, or it has neither pressure nor height.
        """
        if not (self.has_pressure or self.has_height):
            raise self._has_no("pressure")
        rows = self.levels(ip1s)
        pref = (self.pref or 1.0) if self._version.form == "log" else None
        factors = dict(zip(self.references, (rows.b, rows.c), strict=False))
        return Formula("height" if self.has_height else "pressure", rows.a, factors, pref)

    def level_pressure(self, ip1s: npt.ArrayLike | None = None) -> npt.NDArray[np.float64]:
        """Nominal pressure of levels in hPa, shape (levels,): over a surface at 1000 hPa.

        To choose levels and to label axes. A ``PT`` that varies has no nominal value.

        >>> with fst24.open(sample) as f:
        ...     v = f.vertical(f.find(nomvar="TT"))
        >>> v.level_pressure([93423264])
        array([1000.])
        """
        surface: dict[str, Any] = {
            name: _NOMINAL_SURFACE for name in self.references if name != "PT"
        }
        return self.pressure(ip1s, **surface)

    def pressure(
        self,
        ip1s: npt.ArrayLike | int | None = None,
        *,
        unit: Literal["hPa", "Pa"] = "hPa",
        dtype: npt.DTypeLike | None = None,
        **fields: npt.ArrayLike,
    ) -> npt.NDArray[Any]:
        """Pressure of levels over reference fields.

        Parameters
        ----------
        ip1s : int or array_like of int, optional
            Levels in any order; all of them without it.
        unit : {"hPa", "Pa"}
            Of the result.
        dtype : float32 or float64, optional
            Of the result. By default float32 if all fields are, else float64; the computation is
            in float64.
        **fields : array_like or Fst24Record
            Reference fields by name, in hPa as files hold them: ``P0=...``, and ``P0LS=...`` or
            ``PT=...`` where `references` has them. A field that all levels asked for do without may
            be left out. NaN, and what is masked, gives NaN.

        Returns
        -------
        ndarray, shape (levels, ...)
            The shape of the fields after the first dimension, which is not there for a single
            ip1. Each level is stored in the order (Fortran or C) of the fields.

        Raises
        ------
        InvalidArgumentError
            A field is missing or is no pressure, a level is not on this coordinate, or the
            coordinate has no pressure.

        >>> with fst24.open(sample) as f:
        ...     v = f.vertical(f.find(nomvar="TT"))
        ...     v.pressure(v.thermodynamic, P0=f.find(nomvar="P0")).shape
        (12, 42, 34)
        >>> Vertical.from_ip1s([850, 1000]).pressure()
        array([ 850., 1000.])
        """
        if unit not in ("hPa", "Pa"):
            raise InvalidArgumentError(f"unit={unit!r}: it is 'hPa' or 'Pa'")
        if not self.has_pressure:
            raise self._has_no("pressure")
        divisor = PA_PER_HPA if unit == "hPa" else 1.0
        return self._computed("pressure", ip1s, fields, dtype, divisor)

    def height(
        self,
        ip1s: npt.ArrayLike | int | None = None,
        *,
        dtype: npt.DTypeLike | None = None,
        **fields: npt.ArrayLike,
    ) -> npt.NDArray[Any]:
        """Height of levels in m: above the ground for 4001, above sea level for the others.

        Parameters are those of `pressure`; the reference fields are ``ME=...`` and ``MELS=...``,
        in m.

        >>> Vertical.from_ip1s([75597472]).height()
        array([10.])
        """
        if not self.has_height:
            raise self._has_no("height")
        return self._computed("height", ip1s, fields, dtype, 1.0)

    def _has_no(self, what: str) -> InvalidArgumentError:
        form = self._version.form
        if form == "lost":
            advice = (
                "needs the !! (or HY) of the levels: f.vertical(record) finds it in the file, or in"
                " linked ones, fst24.open([file, file_with_it])"
            )
        elif what == "pressure" and form == "height":
            advice = "is one of heights: use height()"
        elif what == "height" and self.has_pressure:
            advice = "is one of pressures: use pressure()"
        else:
            advice = f"has no {what}: use a field of the file that holds it, such as PX or GZ"
        return InvalidArgumentError(f"{self!r} {advice}")

    def _computed(
        self,
        what: str,
        ip1s: npt.ArrayLike | int | None,
        fields: dict[str, npt.ArrayLike],
        dtype: npt.DTypeLike | None,
        divisor: float,
    ) -> npt.NDArray[Any]:
        is_one = ip1s is not None and np.ndim(ip1s) == 0
        formula = self.formula(None if ip1s is None else np.atleast_1d(ip1s))
        arrays = self._given(what, formula, fields)
        try:
            shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
        except ValueError:
            shapes = ", ".join(f"{name} {np.shape(field)}" for name, field in fields.items())
            raise InvalidArgumentError(f"the fields have no one shape: {shapes}") from None
        out = _room(len(formula.a), shape, list(arrays.values()), _result_type(dtype, fields))
        formula.compute_into(out, arrays, divisor)
        return out[0] if is_one else out

    def _given(
        self, what: str, formula: Formula, fields: dict[str, npt.ArrayLike]
    ) -> dict[str, npt.NDArray[np.float64]]:
        """Reference fields, in Pa or m."""
        unknown = set(fields) - set(self.references)
        if unknown:
            known = ", ".join(self.references) or "none"
            raise InvalidArgumentError(
                f"{', '.join(sorted(unknown))}: the reference fields of {self!r} are {known}"
            )
        arrays = {}
        for name in formula.factors:
            if fields.get(name) is not None:
                arrays[name] = formula.field(name, _filled(fields[name]))
            elif formula.needs(name):
                raise InvalidArgumentError(
                    f"{what} of {self!r} needs {name}: give {what}(..., {name}=f.find("
                    f"nomvar={name!r}, ...)), the field on the grid and of the date wanted"
                )
        return arrays

    # ---------------------------------------------------------------------------------- CF

    def cf(self, ip1s: npt.ArrayLike | None = None, *, suffix: str = "") -> _cf.CF:
        """The coordinate variable of levels as CF describes it, with the variables beside it.

        Parameters
        ----------
        ip1s : array_like of int, optional
            Levels along the dimension; all of them without it.
        suffix : str
            Added to the names of the variables made: ``"_t"`` for a second axis in one Dataset.

        >>> Vertical.from_ip1s([850, 1000]).cf().attrs["standard_name"]
        'air_pressure'
        """
        return _cf.describe(self, self.levels(ip1s), suffix)

    def cf_bounds(self, ip1s: npt.ArrayLike | None = None, *, suffix: str = "") -> _cf.CF | None:
        """The bounds of what `cf` gives: ``level_bnds``, ``a_bnds`` ...; None without `bounds`.

        >>> with fst24.open(sample) as f:
        ...     v = f.vertical(f.find(nomvar="TT"))
        >>> v.cf_bounds(suffix="_t").attrs["formula_terms"]
        'a: a_t_bnds b: b_t_bnds ps: P0 pref: pref_t'
        """
        found = self.bounds(ip1s)
        if found is None:
            return None
        rows = self.levels(ip1s)
        return _cf.describe_bounds(
            self, LevelRows(*rows[:1], found.value, rows.kind, *found[1:]), suffix
        )


def _refused(record: Fst24Record, message: str) -> Fst24Error:
    text = f"{record.nomvar} {message}"
    return make_error(InvalidArgumentError, text, path=record.path, record=record.index)


def _as_codes(ip1s: npt.ArrayLike) -> _Codes:
    codes = as_int32(ip1s, _NO_CODE)
    if codes.ndim != 1:
        raise InvalidArgumentError(f"ip1s are a list of levels, not of shape {codes.shape}")
    return codes


def _filled(field: npt.ArrayLike) -> npt.NDArray[Any]:
    """The values of an array or a record, NaN where they are masked."""
    if not isinstance(field, np.ma.MaskedArray):
        return np.asarray(field)
    array = np.array(field, np.float64)
    array[np.ma.getmaskarray(field)] = np.nan
    return array


def _fixed(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array that nobody can change: coordinates are shared."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array


def _result_type(dtype: npt.DTypeLike | None, fields: dict[str, npt.ArrayLike]) -> np.dtype[Any]:
    if dtype is None:
        types = [getattr(field, "dtype", None) for field in fields.values()]
        is_single = bool(types) and all(one == np.float32 for one in types)
        return np.dtype(np.float32 if is_single else np.float64)
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise InvalidArgumentError(f"dtype={dtype!r}: it is float32 or float64")
    return np.dtype(dtype)


def _room(
    n: int, shape: tuple[int, ...], like: list[npt.NDArray[Any]], dtype: np.dtype[Any]
) -> npt.NDArray[Any]:
    """An array (n, ...) whose levels lie in memory as the fields do."""
    if like and all(array.flags.f_contiguous for array in like):
        levels = np.empty((n, *shape[::-1]), dtype)
        return levels.transpose(0, *range(len(shape), 0, -1))
    return np.empty((n, *shape), dtype)
