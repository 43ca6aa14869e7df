"""File objects: short reads, exceptions, threads."""

from __future__ import annotations

import gc
import io
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

import fst24

if TYPE_CHECKING:
    from pathlib import Path


class Slow(io.BytesIO):
    """Gives a few bytes at a time."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(1000, size if size is not None and size >= 0 else 1000))


class Failing(io.BytesIO):
    """Raises once it is told to."""

    error: BaseException | None = None

    def read(self, size: int | None = -1) -> bytes:
        if self.error is not None:
            raise self.error
        return super().read(size)


def test_short_reads_are_put_together(gem: Path) -> None:
    with fst24.open(Slow(gem.read_bytes())) as f, fst24.open(gem) as plain:
        assert f[3].data.tobytes() == plain[3].data.tobytes()


@pytest.mark.parametrize("threads", [1, 4])
def test_what_a_file_object_raises_is_the_cause_of_our_error(gem: Path, threads: int) -> None:
    stream = Failing(gem.read_bytes())
    with fst24.open(stream) as f:
        stream.error = ConnectionError("the line is dead")
        with pytest.raises(fst24.FstOSError) as caught:
            f.read(threads=threads)
        assert isinstance(caught.value.__cause__, ConnectionError)
        assert "<Failing>: " in str(caught.value)
        assert "the file object cannot be read: the line is dead" in str(caught.value)
        assert caught.value.path == "<Failing>"
        stream.error = None
        assert len(f.read(threads=threads)) == 80


def test_an_interrupt_is_not_an_error_of_the_file(gem: Path) -> None:
    stream = Failing(gem.read_bytes())
    with fst24.open(stream) as f:
        stream.error = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            f[3].decode()


def test_failing_while_opening_is_told(gem: Path) -> None:
    stream = Failing(gem.read_bytes())
    stream.error = RuntimeError("no")
    with pytest.raises(fst24.FstOSError) as caught:
        fst24.open(stream)
    assert isinstance(caught.value.__cause__, RuntimeError)


class Odd:
    """A file object that answers what it is told to."""

    def __init__(self, content: bytes, answer: Any) -> None:
        self.content, self.answer = content, answer

    def seek(self, offset: int, whence: int = 0) -> int:
        return len(self.content) if whence else offset

    def read(self, size: int) -> Any:
        return self.answer(size) if callable(self.answer) else self.answer


@pytest.mark.parametrize(
    "answer", [None, "text", 5, b"", lambda n: b"x" * (n + 1), lambda _: [1, 2]]
)
def test_odd_answers_are_errors(gem: Path, answer: Any) -> None:
    with pytest.raises(fst24.FstOSError) as caught:
        fst24.open(Odd(gem.read_bytes(), answer))
    assert caught.value.__cause__ is not None


def test_text_files_are_refused(gem: Path) -> None:
    for options in ({"encoding": "latin-1"}, {"errors": "replace"}, {"encoding": "ascii"}):
        with (
            gem.open(**options) as stream,  # type: ignore[call-overload]
            pytest.raises(fst24.FstOSError, match="gives text: open it in binary mode"),
        ):
            fst24.open(stream)
    with pytest.raises(fst24.FstOSError, match="gives text"):
        fst24.open(io.StringIO("text"))
    with pytest.raises(fst24.FstOSError, match="gives text"):
        fst24.open(Odd(gem.read_bytes(), "text"))


def test_a_file_object_that_is_closed_later_is_told(gem: Path) -> None:
    stream = io.BytesIO(gem.read_bytes())
    with fst24.open(stream) as f:
        stream.close()
        with pytest.raises(fst24.FstOSError, match="closed file"):
            f[3].decode()


def test_a_closed_file_object_is_refused(gem: Path) -> None:
    stream = io.BytesIO(gem.read_bytes())
    stream.close()
    with pytest.raises(fst24.FstOSError, match="the file object is closed"):
        fst24.open(stream)


def test_a_file_object_without_seek_is_refused() -> None:
    class Pipe(io.RawIOBase):
        def readable(self) -> bool:
            return True

    with pytest.raises(fst24.FstOSError, match="cannot be read"):
        fst24.open(Pipe())


def test_file_objects_are_read_by_many_threads(gem: Path) -> None:
    with fst24.open(io.BytesIO(gem.read_bytes())) as f, fst24.open(gem) as plain:
        wanted = [r.data.tobytes() for r in plain]
        wrong: list[int] = []

        def work() -> None:
            wrong.extend(r.index for r in f if r.decode().tobytes() != wanted[r.index])

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        arrays = f.read(threads=8)
        for thread in threads:
            thread.join(60)
        assert wrong == []
        assert [a.tobytes() for a in arrays] == wanted


def test_a_file_object_stays_open_and_is_let_go(gem: Path) -> None:
    stream = io.BytesIO(gem.read_bytes())
    with fst24.open(stream) as f:
        pass
    assert not stream.closed
    gone = weakref.ref(stream)
    del stream, f
    gc.collect()
    assert gone() is None
