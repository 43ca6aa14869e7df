"""Parts know only what stands to their left (docs/architecture.md): includes and imports."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
PACKAGE = ROOT / "python" / "fst24"

#: What a part of libfst24 may include, besides itself and fst24.h. Files in src/ itself join all.
C_KNOWS = {
    "base": set(),
    "container": {"base"},
    "codec": {"base"},
    "convention": {"base"},
    "grid": {"base"},
    "table": {"base", "container", "convention"},
    "raster": {"base", "convention", "grid"},
}

#: From left to right. Modules on one line may know each other and all that stands above.
PYTHON_LAYERS = (
    ("_core", "_errors"),
    ("ip", "date", "grid", "vertical", "typvar", "etiket", "dictionary"),
    ("_record", "_file"),
    ("table", "compare"),
    ("xarray",),
    ("zarr",),
    ("wms",),
    ("cli",),
)
#: Private helpers belong to the layer of the modules that they serve.
HELPERS = {
    "_arrays": "_errors",
    "_compose": "_file",
    "_criteria": "_file",
    "_fst_options": "_file",
    "_html": "_record",
    "_job": "_file",
    "_interface": "_file",
    "_keys": "_file",
    "_known": "_file",
    "_librmn": "_file",
    "_linked": "_record",
    "_meant": "_file",
    "_metadata": "_errors",
    "_open": "_file",
    "_packing": "_file",
    "_settings": "_errors",
    "_sources": "_record",
    "_views": "_record",
    "_writer": "_file",
}
#: These stand on the public names of fst24 alone.
INTEGRATIONS = ("xarray", "zarr", "wms", "cli")


def c_files() -> Iterator[tuple[str, Path]]:
    for path in sorted(SRC.rglob("*.[ch]")):
        yield path.relative_to(SRC).parts[0] if path.parent != SRC else "", path


def included(path: Path) -> list[str]:
    return re.findall(
        r'^\s*#\s*include\s+"([^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE
    )


def test_a_part_of_the_library_includes_only_parts_to_its_left() -> None:
    wrong = []
    for part, path in c_files():
        for header in included(path):
            other = header.split("/")[0] if "/" in header else part
            if part and header != "fst24.h" and other not in {part} | C_KNOWS.get(part, set()):
                wrong.append(f"{path.relative_to(ROOT)} includes {header}")
    assert wrong == []


def test_every_part_of_the_library_has_its_place() -> None:
    assert {part for part, _ in c_files()} <= {"", *C_KNOWS}


def test_the_library_knows_nothing_of_python() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for _, path in c_files()
        if "Python.h" in path.read_text(encoding="utf-8")
    ]
    assert wrong == []


@pytest.mark.parametrize("directory", ["python/_core", "examples/c"])
def test_users_of_the_library_include_its_public_header_only(directory: str) -> None:
    wrong = []
    for path in sorted((ROOT / directory).rglob("*.[ch]")):
        beside = {p.name for p in path.parent.glob("*.h")}
        wrong += [
            f"{path.relative_to(ROOT)}: {h}"
            for h in included(path)
            if h != "fst24.h" and h not in beside
        ]
    assert wrong == []


def layer_of(module: str) -> int:
    """Place of a module or sub-package of fst24 in the order."""
    name = HELPERS.get(module, module)
    places = [i for i, layer in enumerate(PYTHON_LAYERS) if name in layer]
    assert places, f"fst24.{module} has no place: name its layer in {Path(__file__).name}"
    return places[0]


def imports_at_load(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that run when a module is loaded: not in functions, not for annotations."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.ClassDef):
            for part in ("body", "orelse", "finalbody"):
                waiting += getattr(node, part, [])
            for handler in getattr(node, "handlers", []):
                waiting += handler.body


def imported(path: Path) -> set[str]:
    """Modules of fst24 that ``path`` imports when it is loaded; "" stands for ``fst24`` itself."""
    package = path.relative_to(PACKAGE.parent).with_suffix("").parts
    package = package if path.name == "__init__.py" else package[:-1]
    package = package[:-1] if path.name == "__init__.py" else package
    found: set[str] = set()
    for node in imports_at_load(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            module = ".".join(base + ([node.module] if node.module else []))
            names = (
                [f"{module}.{alias.name}" for alias in node.names]
                if module == "fst24"
                else [module]
            )
        for name in names:
            parts = name.split(".")
            if parts[0] == "fst24":
                is_module = len(parts) > 1 and any(
                    (PACKAGE / f"{parts[1]}{end}").exists() for end in ("", ".py", ".pyi")
                )
                found.add(parts[1] if is_module else "")
    return found


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts != ("__init__",):
            yield parts[0], path


def test_a_module_imports_only_modules_to_its_left() -> None:
    wrong = []
    for module, path in modules():
        wrong += [
            f"{path.relative_to(ROOT)} imports fst24.{other}"
            for other in imported(path) - {module, ""}
            if layer_of(other) > layer_of(module)
        ]
    assert wrong == []


def test_integrations_stand_on_public_names() -> None:
    wrong = []
    for module, path in modules():
        private = {
            other for other in imported(path) if other.startswith("_") and other != "__init__"
        }
        if module in INTEGRATIONS and private:
            wrong.append(f"{path.relative_to(ROOT)} imports {sorted(private)}")
        if "" in imported(path) and module not in INTEGRATIONS:
            wrong.append(f"{path.relative_to(ROOT)} imports fst24 itself: a circle")
    assert wrong == []


def test_text_of_the_repository_names_no_machine() -> None:
    """A path of somebody's machine in a committed file works nowhere else."""
    suspicious = re.compile(r"(?<![\w.])/(?:home|Users|opt|work|root)/\w+")
    wrong = []
    for pattern in (
        "*.py",
        "*.pyi",
        "*.c",
        "*.h",
        "*.md",
        "*.sh",
        "*.toml",
        "meson.build",
        "Makefile",
    ):
        for path in ROOT.rglob(pattern):
            relative = path.relative_to(ROOT)
            skipped = {"build", "dist"} & set(relative.parts) or any(
                p.startswith(".") for p in relative.parts
            )
            if not skipped and path != Path(__file__):
                wrong += [
                    f"{relative}: {hit}"
                    for hit in suspicious.findall(path.read_text(encoding="utf-8"))
                ]
    assert wrong == []
