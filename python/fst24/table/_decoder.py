"""What the raw columns mean, record by record and for whole tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fst24 import dictionary, etiket, typvar
from fst24._metadata import CoreMetadata

from . import _meaning
from ._table import CORE

if TYPE_CHECKING:
    import polars as pl

    from fst24.dictionary import Dictionary, Language


class MetadataDecoder:
    """Turns raw metadata into meaning; this one adds nothing: subclass it.

    `decode_metadata` is enough: tables are then decoded record by record. `decode_table` beside it
    does the same for a whole table at once, which is faster by far. Both depend on the record's own
    metadata alone.

    >>> class Winds(MetadataDecoder):
    ...     def decode_metadata(self, core):
    ...         return {"is_wind": core.nomvar in ("UU", "VV")}
    >>> with fst24.open(sample) as f:
    ...     df = f.to_polars(decode_metadata=True, decoder=Winds())
    >>> int(df["is_wind"].sum())
    24
    """

    def decode_metadata(self, core: CoreMetadata) -> dict[str, Any]:  # noqa: ARG002 - for subclasses
        """The fields to add, by name: the same names for every record."""
        return {}

    def decode_table(self, table: pl.DataFrame) -> pl.DataFrame:
        """The columns to add.

        Parameters
        ----------
        table : polars.DataFrame
            The core columns.

        Returns
        -------
        polars.DataFrame
            As high as the table: what `decode_metadata` gives for each row.
        """
        import polars as pl

        rows = table.select(CORE).iter_rows()
        found = [self.decode_metadata(CoreMetadata(*row)) for row in rows]
        if not found:
            return pl.DataFrame()
        known = {name: kind for name, kind in _schema().items() if name in found[0]}
        frame = pl.from_dicts(found, infer_schema_length=None, schema_overrides=known)
        return frame if frame.width else pl.DataFrame()


class DefaultMetadataDecoder(MetadataDecoder):
    """The meaning of all that the format defines (``docs/api/table.md`` lists the columns).

    Parameters
    ----------
    language : {"en", "fr"}
        Of long_name.
    dictionary : Dictionary, optional
        Where long_name and units come from; by default the dictionary of the site.

    >>> with fst24.open(sample) as f:
    ...     found = DefaultMetadataDecoder().decode_metadata(f.find(nomvar="TT", level=1.0).core)
    >>> found["level"], found["level_unit"], found["units"], found["valid_time"].isoformat()
    (1.0, '1', 'degC', '2024-05-17T12:00:00')
    """

    def __init__(self, *, language: Language = "en", dictionary: Dictionary | None = None) -> None:
        self.language = language
        self._dictionary = dictionary

    @property
    def dictionary(self) -> Dictionary:
        """Where names and units come from."""
        return self._dictionary or dictionary.default()

    def decode_metadata(self, core: CoreMetadata) -> dict[str, Any]:
        """All decoded fields of a record; None where there is nothing to say."""
        tagged = _meaning.is_tagged(core.nomvar)
        igs = (core.ig1, core.ig2, core.ig3, core.ig4)
        ips = (core.ip1, core.ip2, core.ip3)
        found: dict[str, Any] = {
            "origin_time": _meaning.origin(core.dateo, core.datev),
            "valid_time": _meaning.instant(core.datev),
            "lead_time": _meaning.lead_time(core.deet, core.npas),
        }
        for name, code in zip(("ip1", "ip2", "ip3"), ips, strict=True):
            found |= dict(
                zip(code_columns(name), _meaning.coded(name, code, tagged=tagged), strict=True)
            )
        found["grid_info"] = _meaning.struct(core.grtyp, igs)
        found["grid"] = _meaning.grid(core.nomvar, core.grtyp, core.ni, core.nj, igs, ips)
        found["data_type"] = _meaning.data_type(core.datyp)
        found |= typvar.flags(core.typvar)._asdict()
        found["missing_data"] |= _meaning.has_missing(core.datyp)
        found |= {name: column[0] for name, column in etiket.columns([core.etiket]).items()}
        names = self.dictionary.columns([core.nomvar], language=self.language)
        return found | {"long_name": names["long_name"][0], "units": names["units"][0]}

    def decode_table(self, table: pl.DataFrame) -> pl.DataFrame:
        """All decoded columns of a table, worked out for its distinct values."""
        from ._columns import decoded_columns

        return decoded_columns(table, self.dictionary, self.language)


def code_columns(name: str) -> tuple[str, str, str]:
    """Names of the value, kind and unit of a code."""
    start, value = ("level", "level") if name == "ip1" else (name, f"{name}_value")
    return value, f"{start}_kind", f"{start}_unit"


def _schema() -> dict[str, Any]:
    """Types of the columns of `DefaultMetadataDecoder`."""
    from ._columns import decoded_columns

    empty: dict[str, Any] = {name: np.empty(0, np.int32) for name in CORE}
    import polars as pl

    texts = ("nomvar", "typvar", "etiket", "grtyp")
    frame = pl.DataFrame({n: pl.Series(n, [], pl.Utf8) if n in texts else empty[n] for n in CORE})
    return dict(decoded_columns(frame, dictionary.builtin(), "en").schema)


def decode_table(decoder: MetadataDecoder, table: pl.DataFrame) -> pl.DataFrame:
    """The columns that a decoder adds, by the one of its two methods that knows more.

    A subclass that overrides `decode_metadata` alone is asked record by record, though it inherits
    a `decode_table`: that one knows nothing of what was added.
    """
    for kind in type(decoder).__mro__:
        if "decode_table" in vars(kind):
            return decoder.decode_table(table)
        if "decode_metadata" in vars(kind):
            return MetadataDecoder.decode_table(decoder, table)
    return decoder.decode_table(table)
