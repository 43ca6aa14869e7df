"""The extension itself: its stub, its symbols, its objects."""

from __future__ import annotations

import ast
import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fst24
from fst24 import _core

STUB = Path(__file__).parents[2] / "python" / "fst24" / "_core.pyi"
MISSING = (0, 0.0, None)


def stub_names(body: list[ast.stmt]) -> set[str]:
    """Functions, classes and constants that a part of the stub promises."""
    names = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return names | {
        n.target.id
        for n in body
        if isinstance(n, ast.AnnAssign)
        and isinstance(n.target, ast.Name)
        and "TypeAlias" not in ast.unparse(n.annotation)
    }


def test_the_stub_names_what_the_module_has() -> None:
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    assert stub_names(tree.body) == {name for name in vars(_core) if not name.startswith("__")}


def test_the_stub_names_what_each_type_has() -> None:
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        found = {name for name in vars(getattr(_core, node.name)) if not name.startswith("__")}
        promised = {name for name in stub_names(node.body) if not name.startswith("__")}
        assert promised == found, node.name


def test_arguments_in_the_stub_are_those_of_the_functions() -> None:
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            signature = getattr(_core, node.name).__text_signature__
            names = [a.arg for a in node.args.posonlyargs]
            assert signature is not None, node.name
            shown = (
                signature.strip("()").replace("$module, ", "").replace("$module", "").split(", ")
            )
            assert [s.split("=")[0] for s in shown if s not in ("", "/")] == names, node.name


def test_the_extension_exports_its_init_function_only() -> None:
    shown = subprocess.run(
        ["nm", "-D", "--defined-only", _core.__file__], capture_output=True, text=True, check=True
    )
    symbols = {line.split()[-1] for line in shown.stdout.splitlines()}
    assert symbols - {"_init", "_fini", "__bss_start", "_edata", "_end"} == {"PyInit__core"}


def test_importing_takes_in_nothing_heavy() -> None:
    code = (
        "import sys, fst24\n"
        "heavy = {'polars', 'xarray', 'pandas', 'click', 'rich', 'dask', 'matplotlib', 'fsspec'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_types_cannot_be_changed_or_made_by_hand() -> None:
    with pytest.raises(TypeError):
        _core.File()  # type: ignore[call-arg, unused-ignore]
    with pytest.raises(TypeError):
        _core.File.close = None  # type: ignore[method-assign, assignment]


def test_columns_reach_numpy_without_a_copy(gem: Path) -> None:
    with fst24.open(gem) as f:
        table = f[0]._source.table
        ip1 = np.asarray(table.column("ip1"))
        nomvar = np.asarray(table.column("nomvar"))
        records = list(f)
    assert ip1.dtype == np.int32
    assert not ip1.flags.writeable
    assert ip1.tolist() == [r.ip1 for r in records]
    assert nomvar.dtype == "S4"
    assert [n.decode().rstrip() for n in nomvar] == [r.nomvar for r in records]
    with pytest.raises(KeyError, match="no column 'etikett'"):
        table.column("etikett")


def test_a_table_of_columns_refuses_columns_that_do_not_fit() -> None:
    with pytest.raises(KeyError):
        _core.Table({})


def test_wrong_arguments_are_told(gem: Path) -> None:
    file = _core.File.open_path(bytes(gem), str(gem), 0, MISSING)
    for call in (
        lambda: file.decode("a"),  # type: ignore[arg-type]
        lambda: file.read_box(0, 1, 2),  # type: ignore[arg-type]
        lambda: file.table.find([1], 0, 0),  # type: ignore[list-item]
        lambda: file.table.find([(1, 1, (5,))], 0, 0),
        lambda: file.table.find([(12, 1, ("x",))], 0, 0),
        lambda: _core.make_records(int, 0, 0, 0, 0, 0),  # type: ignore[type-var, arg-type]
        lambda: _core.read_many([1], None, 1),  # type: ignore[list-item]
        lambda: _core.File.open_path("a", "b", 0, MISSING),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(ValueError, match="NUL"):
        _core.File.open_path(b"a\0b", "a", 0, MISSING)
    with pytest.raises(IndexError):
        file.describe(10**6)
    with pytest.raises(IndexError):
        _core.Record(None, None, file.table, 80, 0)


def test_numbers_beyond_32_bits_match_nothing(gem: Path) -> None:
    with fst24.open(gem) as f:
        assert f.find(ip1=2**40) is None
        assert f.read_records(ip1=[2**40, 93423264]) == f.read_records(ip1=93423264)
        assert len(f.read_records(ip1=(-(2**70), 2**70))) == len(f)


def test_reading_leaks_no_references_and_no_memory(gem: Path) -> None:
    def work() -> None:
        with fst24.open(gem) as f:
            for record in f[:8]:
                record.data.sum()
                record.mask  # noqa: B018
                record.metadata  # noqa: B018
                record.decode()
            f.read(f[:8], threads=2)
            f.find(nomvar="TT", level=1.0)
            with pytest.raises(IndexError):
                f[1000]
            with pytest.raises(ValueError, match="out"):
                f[3].decode(np.empty((2, 2), "f4"))
        with pytest.raises(OSError, match="No such file"):
            fst24.open("nowhere.fst")
        with pytest.raises(fst24.NotFstError):
            fst24.open(b"nothing")

    for _ in range(5):
        work()
    gc.collect()
    before, blocks = len(gc.get_objects()), sys.getallocatedblocks()
    for _ in range(50):
        work()
    gc.collect()
    assert len(gc.get_objects()) - before < 50
    assert sys.getallocatedblocks() - blocks < 500
    assert fst24.memory_usage().used == 0


def test_types_go_with_the_module() -> None:
    """A second copy of the module has types of its own: nothing is static."""
    code = (
        "import sys, gc, fst24._core as a\n"
        "name = a.File\n"
        "del sys.modules['fst24._core']\n"
        "import importlib\n"
        "b = importlib.import_module('fst24._core')\n"
        "print(a is not b and b.File is not name)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "True"
