"""Manifests of the golden files: what each of them must read as (README.md beside this file)."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

HERE = Path(__file__).parent
REAL = Path(os.environ.get("FST24_GOLDEN_REAL", HERE.parents[2] / "shared" / "golden" / "real"))
GROUPS = ("codec", "container", "fields", "grids", "misread", "model", "old", "vertical")

#: Beside manifests, but none: what the levels of the files of its directory are.
VERTICAL = HERE / "vertical" / "vertical.json"

#: Fields of a manifest that have another name in the API.
RENAMED = {
    "data_type": "datyp",
    "pack_bits": "nbits",
    "file_offset": "offset",
    "total_stored_bytes": "nbytes",
}
#: Fields of a manifest that are no metadata of a record.
NOT_METADATA = {
    "dtype",
    "sha256",
    "sha256_off",
    "missing",
    "asked",
    "within",
    "metadata",
    "part",
    "data_bits",
    "pos",
}


@dataclass(frozen=True)
class Manifest:
    """One set of golden files that are opened together, and the records expected of it."""

    name: str
    content: dict[str, Any]
    directory: Path

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records, each a dict of its fields, in listing order."""
        return [
            dict(zip(self.content["fields"], row, strict=True)) for row in self.content["records"]
        ]

    def files(self, tmp_path: Path) -> list[str]:
        """Paths of the files; a compressed one is unpacked into ``tmp_path``."""
        named = self.content["file"]
        return [
            self._file(name, tmp_path) for name in ([named] if isinstance(named, str) else named)
        ]

    def source(self, tmp_path: Path) -> str | list[str]:
        """What to give to ``fst24.open``: a path, or the paths of a linked set."""
        files = self.files(tmp_path)
        return files[0] if len(files) == 1 else files

    def _file(self, name: str, tmp_path: Path) -> str:
        path = self.directory / name
        if path.exists():
            return str(path)
        unpacked = tmp_path / name
        unpacked.write_bytes(gzip.decompress(path.with_name(name + ".gz").read_bytes()))
        return str(unpacked)


def named(path: Path) -> Manifest:
    """The manifest in ``path``, named after its group and file."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Manifest(f"{path.parent.name}/{path.stem}", content, path.parent)


def manifests(*groups: str) -> list[Manifest]:
    """All manifests of the directories ``groups``."""
    paths = [path for group in groups for path in sorted((HERE / group).glob("*.json"))]
    return [named(path) for path in paths if path != VERTICAL]


def real_manifests() -> list[Manifest]:
    """Those of the real files, none where there are no real files."""
    paths = sorted(REAL.glob("*.json")) if REAL.is_dir() else []
    return [
        Manifest(f"real/{path.stem}", json.loads(path.read_text()), path.parent) for path in paths
    ]


def digest(array: np.ndarray) -> str:
    """SHA-256 of an array's little-endian bytes in Fortran order."""
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(little.tobytes(order="F")).hexdigest()
