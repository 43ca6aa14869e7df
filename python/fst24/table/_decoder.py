"""What the raw columns mean, record by record and for whole tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fst24 import dictionary, etiket, typvar
from fst24._errors import InvalidArgumentError
from fst24._metadata import CoreMetadata

from . import _meaning
from ._table import CORE, TEXTS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

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

    return dict(decoded_columns(_no_rows(), dictionary.builtin(), "en").schema)


def _no_rows() -> pl.DataFrame:
    """The core columns of no records."""
    import polars as pl

    return pl.DataFrame(schema={n: pl.Utf8 if n in TEXTS else pl.Int32 for n in CORE})


def decode_table(decoder: MetadataDecoder, table: pl.DataFrame) -> pl.DataFrame:
    """The columns that a decoder adds, by the one of its two methods that knows more.

    A subclass that overrides `decode_metadata` alone is asked record by record, though it inherits
    a `decode_table`: that one knows nothing of what was added.
    """
    if "decode_table" in vars(_knows_more(decoder)):
        return decoder.decode_table(table)
    return MetadataDecoder.decode_table(decoder, table)


def _knows_more(decoder: MetadataDecoder) -> type:
    """The class that first overrides one of the two methods."""
    methods = {"decode_table", "decode_metadata"}
    return next(kind for kind in type(decoder).__mro__ if methods & set(vars(kind)))


class Decoding:
    """What a decoder adds to a listing, known before anything is listed, column by column.

    Parameters
    ----------
    decoder : MetadataDecoder
        Its columns have the types that it gives a record of the air temperature, where it is asked
        record by record.
    """

    def __init__(self, decoder: MetadataDecoder) -> None:
        self._decoder = decoder
        default = _knows_more(decoder) is DefaultMetadataDecoder
        self._default = decoder if default and isinstance(decoder, DefaultMetadataDecoder) else None
        #: The added columns and their types.
        self.schema: dict[str, Any] = _schema() if default else self._own_schema()

    def _own_schema(self) -> dict[str, Any]:
        found = decode_table(self._decoder, _no_rows())
        return dict((found if found.width else decode_table(self._decoder, _example())).schema)

    def needed_for(self, wanted: Collection[str]) -> set[str]:
        """The core columns that `decode` has to be given for these columns."""
        if self._default is None:
            return set(CORE)
        from ._columns import needed_for

        return needed_for(wanted)

    def decode(self, table: pl.DataFrame, wanted: Sequence[str]) -> pl.DataFrame:
        """The columns ``wanted``, as high as the table and of the types of `schema`."""
        import polars as pl

        schema = {name: self.schema[name] for name in wanted}
        if table.height == 0:
            return pl.DataFrame(schema=schema)
        if self._default is not None:
            from ._columns import decoded_columns

            default = self._default
            found = decoded_columns(table, default.dictionary, default.language, wanted)
        else:
            found = decode_table(self._decoder, table.select(CORE))
        lacking = [name for name in wanted if name not in found.columns]
        if lacking:
            raise InvalidArgumentError(
                f"the decoder gives {', '.join(found.columns)} here, and not {', '.join(lacking)}: "
                "it has to give the same columns for all records"
            )
        found = found.select(wanted)
        try:
            return found if dict(found.schema) == schema else found.cast(schema)  # type: ignore[arg-type]
        except pl.exceptions.PolarsError as error:
            raise InvalidArgumentError(
                f"the decoder gives {dict(found.schema)} here, and gave {schema} for no records or "
                "an example: override decode_table, and give each column one type"
            ) from error


def _example() -> pl.DataFrame:
    """Records like those of a model: usual fields, and what describes grids and levels."""
    import polars as pl

    field = ("P", "R1_V710_N", 471618800, 93423264, 12, 0, 42, 34, 1, "Z", 1, 2, 3, 0)
    axis = ("X", "R1_V710_N", 0, 1, 2, 3, 42, 1, 1, "E", 900, 0, 43200, 43200)
    fields = ("TT", "UU", "VV", "GZ", "HU", "ES", "WW", "PN", "P0", "PR", "ME", "MG", "LA", "LO")
    axes = (">>", "^^", "!!", "HY")
    rows = [(name, *field, 471615200, 300, 144, 134, 16) for name in fields]
    rows += [(name, *axis, 0, 0, 0, 5, 32) for name in axes]
    return pl.DataFrame(rows, schema=dict(_no_rows().schema), orient="row")
