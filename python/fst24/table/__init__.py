"""The metadata of many records as a table, for Polars and everything else that speaks Arrow.

`Table` is what a file has in memory, given away without a copy of its numbers; `read_metadata`
lists a file as a ``polars.DataFrame``, `scan` many files as a ``polars.LazyFrame``; a
`MetadataDecoder` says what the raw columns mean. Polars is imported when a frame is first asked
for; the code keeps to names that version 0.20 has, too.
"""

from __future__ import annotations

from ._decoder import DefaultMetadataDecoder, MetadataDecoder
from ._read import read, read_metadata
from ._scan import scan
from ._table import Table

__all__ = ["DefaultMetadataDecoder", "MetadataDecoder", "Table", "read", "read_metadata", "scan"]
