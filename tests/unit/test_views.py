"""Views that cannot be spoilt, and arrays straight from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import fst24

if TYPE_CHECKING:
    from pathlib import Path


def test_a_writable_view_reaches_nobody(gem: Path) -> None:
    with fst24.open(gem) as f:
        record = f[3]
        shared = fst24.SafeArrayView(record)
        mine, yours = shared.get_view(), shared.get_view(copy_on_write=True)
        mine[:] = 0
        assert np.array_equal(yours, record.data)
        assert mine.flags.f_contiguous
        assert shared.shape == (42, 34)
        assert shared.dtype == np.float32
        assert repr(shared) == "<SafeArrayView float32 (42, 34)>"


def test_a_view_without_copy_is_the_same_memory_read_only() -> None:
    array = np.arange(6.0).reshape(2, 3)
    shared = fst24.SafeArrayView(array)
    view = shared.get_view(copy_on_write=False)
    assert np.shares_memory(view, array)
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 1
    assert array.flags.writeable
    assert np.array_equal(shared.get_view(), array)


@pytest.mark.parametrize("threshold", [1, 1 << 30])
def test_a_file_is_read_or_mapped_by_its_size(tmp_path: Path, threshold: int) -> None:
    path = tmp_path / "plain"
    wanted = np.arange(24, dtype=">f4").reshape((2, 3, 4), order="F")
    path.write_bytes(b"head" + wanted.tobytes(order="F"))
    mapper = fst24.FileMapper(path, threshold=threshold)
    assert mapper.should_map() is (threshold == 1)
    found = mapper.get_array(4, (2, 3, 4), ">f4")
    assert np.array_equal(found, wanted)
    assert found.flags.f_contiguous
    assert not found.flags.writeable
    assert isinstance(found, np.memmap) is mapper.should_map()
    assert mapper.get_array(100, 0, "f4").shape == (0,)
    with pytest.raises(fst24.TruncatedFileError) as caught:
        mapper.get_array(5, (2, 3, 4), ">f4")
    assert (caught.value.path, caught.value.offset) == (str(path), 5)
    with pytest.raises(fst24.InvalidArgumentError):
        mapper.get_array(-1, 3, "f4")
    path.write_bytes(b"short")
    if not mapper.should_map():
        with pytest.raises(fst24.TruncatedFileError, match="cut short"):
            mapper.get_array(4, 24, "f4")


def test_by_default_files_from_one_gibibyte_on_are_mapped(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    assert fst24.FileMapper(path).should_map()
    with path.open("wb") as file:
        file.truncate((1 << 30) - 1)
    assert not fst24.FileMapper(path).should_map()


def test_a_mapper_shows_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "plain"
    path.write_bytes(bytes(1200))
    assert repr(fst24.FileMapper(path)) == f"<FileMapper {path} 1,200 bytes read>"
    assert repr(fst24.FileMapper(path, threshold=1)) == f"<FileMapper {path} 1,200 bytes mapped>"


def test_errors_of_a_mapper_are_ours_and_advise_nothing_about_standard_files(
    tmp_path: Path,
) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        fst24.FileMapper(tmp_path)
    assert isinstance(caught.value, fst24.Fst24Error)
    with pytest.raises(FileNotFoundError, match="the path is empty"):
        fst24.FileMapper("")
    path = tmp_path / "plain"
    path.write_bytes(bytes(12))
    mapper = fst24.FileMapper(path)
    with pytest.raises(fst24.TruncatedFileError) as short:
        mapper.get_array(0, 13, "u1")
    assert str(short.value) == f"{path}: byte 0: 13 bytes are wanted of a file of 12"
    path.unlink()
    with pytest.raises(FileNotFoundError) as gone:
        mapper.get_array(0, 12, "u1")
    assert isinstance(gone.value, fst24.Fst24Error)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        fst24.FileMapper(tmp_path / "nowhere")
    assert isinstance(caught.value, fst24.Fst24Error)
