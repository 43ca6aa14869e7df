"""How files and records look in a notebook."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._core import Record

COLUMNS = [
    "index",
    "nomvar",
    "typvar",
    "etiket",
    "ni",
    "nj",
    "nk",
    "ip1",
    "ip2",
    "ip3",
    "dateo",
    "datev",
    "deet",
    "npas",
    "grtyp",
    "datyp",
    "nbits",
]
#: More rows do not help anybody.
MOST_ROWS = 20


def table(records: Iterable[Record], *, title: str = "", n_more: int = 0) -> str:
    """Records as a table of HTML; ``n_more`` that are not shown are counted at its end."""
    caption = f"<caption>{html.escape(title)}</caption>" if title else ""
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_text(getattr(r, name))}</td>" for name in COLUMNS) + "</tr>"
        for r in records
    )
    more = f'<tr><td colspan="{len(COLUMNS)}">… {n_more:,} more</td></tr>' if n_more > 0 else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}{more}</tbody></table>"


def _text(value: object) -> str:
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in str(value))
    return html.escape(text)
