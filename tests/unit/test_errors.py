"""Bad input: each kind its own error, with file, record, offset and a next step."""

from __future__ import annotations

import inspect
import os
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import fst24
from fst24 import _errors
from fst24._errors import from_core

if TYPE_CHECKING:
    from pathlib import Path

TREE: dict[str, type[BaseException]] = {
    "NotFstError": ValueError,
    "TruncatedFileError": EOFError,
    "CorruptFileError": ValueError,
    "UnsupportedError": NotImplementedError,
    "ClosedFileError": ValueError,
    "RecordNotFoundError": LookupError,
    "FileLockedError": OSError,
    "FileChangedError": OSError,
    "MemoryLimitError": MemoryError,
    "EncodingError": ValueError,
    "FstOSError": OSError,
}


@pytest.mark.parametrize("name", TREE)
def test_an_error_is_ours_and_the_builtin_that_people_catch(name: str) -> None:
    kind = getattr(fst24, name)
    assert issubclass(kind, fst24.Fst24Error)
    assert issubclass(kind, TREE[name])


def test_a_missing_file_is_a_file_not_found_error(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.fst"
    with pytest.raises(fst24.Fst24Error) as caught:
        fst24.open(path)
    error = caught.value
    assert isinstance(error, FileNotFoundError)
    assert (error.filename, error.path, error.record) == (str(path), str(path), None)
    assert str(error) == f"{path}: cannot open: No such file or directory"


def test_a_directory_is_an_is_a_directory_error(tmp_path: Path) -> None:
    with pytest.raises(fst24.Fst24Error) as caught:
        fst24.open(tmp_path)
    assert isinstance(caught.value, IsADirectoryError)


def test_no_permission_is_a_permission_error(gem: Path, tmp_path: Path) -> None:
    path = tmp_path / "closed.fst"
    path.write_bytes(gem.read_bytes())
    path.chmod(0)
    code = (
        "import fst24, os, sys\n"
        "os.getuid() or os.setuid(65534)\n"
        "try: fst24.open(sys.argv[1])\n"
        "except PermissionError as e: print(isinstance(e, fst24.Fst24Error), e.path == sys.argv[1])"
    )
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        if parent.stat().st_uid == os.getuid():
            parent.chmod(0o755)
    shown = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert shown.stdout.split() == ["True", "True"]


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.fst"
    path.write_bytes(b"")
    with pytest.raises(fst24.Fst24Error, match=r"empty\.fst: .*empty"):
        fst24.open(path)


def test_a_foreign_file_is_named_for_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "image.fst"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1000))
    with pytest.raises(fst24.NotFstError, match="PNG"):
        fst24.open(path)


def test_a_burp_file_is_named_for_what_it_is(gem: Path, tmp_path: Path) -> None:
    content = bytearray(gem.read_bytes())
    content[12:16] = b"BRP0"  # the application signature of the file header (containers.md, 2.2)
    path = tmp_path / "observations.burp"
    path.write_bytes(content)
    with pytest.raises(fst24.NotFstError, match="BURP"):
        fst24.open(path)


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(fst24.Fst24Error, match="pipe"):
        fst24.open(path)


def test_something_else_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="give a path, bytes or a binary file object"):
        fst24.open(12)


def test_a_damaged_record_says_where_and_what_to_do(gem: Path) -> None:
    content = bytearray(gem.read_bytes())
    with fst24.open(gem) as f:
        offset = f[3].offset
    content[offset : offset + 8] = b"\xff" * 8
    with fst24.open(bytes(content)) as f:
        with pytest.raises(fst24.CorruptFileError) as caught:
            f[3].data  # noqa: B018
        assert f[4].data.shape == (42, 34)
    error = caught.value
    assert error.path == "<bytes>"
    assert error.offset is not None
    assert "record 3" in str(error)
    assert "`fst24 check FILE`" in str(error)


def test_unknown_engines_modes_and_missing_values_are_refused(gem: Path) -> None:
    with pytest.raises(ValueError, match="engine='rust'"):
        fst24.open(gem, engine="rust")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="mode='rb'"):
        fst24.open(gem, "rb")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="'reference'"):
        fst24.open(gem, missing="none")
    with pytest.raises(ValueError, match="at least one"):
        fst24.open([])


def test_errors_survive_pickling(tmp_path: Path) -> None:
    errors = [from_core(s, 2, 5, 80, "it is broken", "a.fst") for s in (*range(1, 10), -1, -2)]
    with pytest.raises(fst24.Fst24Error) as caught:
        fst24.open(tmp_path / "nowhere.fst")
    alone = fst24.FileChangedError("a.fst: it is another one")
    for error in [*errors, caught.value, alone]:
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        assert type(again) is type(error)
        assert (str(again), again.path, again.record, again.offset) == (
            *(str(error), error.path, error.record, error.offset),
        )


def test_every_error_class_is_documented() -> None:
    for name, kind in inspect.getmembers(_errors, inspect.isclass):
        if issubclass(kind, fst24.Fst24Error | Warning):
            assert kind.__doc__, name


def test_names_that_cannot_be_decoded_are_shown(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.fst"
    with pytest.raises(FileNotFoundError) as caught:
        fst24.open(os.fsdecode(name))
    assert os.fsencode(caught.value.filename) == name
