"""Many records at once: on several threads, given in their order, with a bar for who waits."""

from __future__ import annotations

import os
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

import fst24

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_T = TypeVar("_T")
_Item = TypeVar("_Item")

threads_option = click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=lambda: min(16, os.cpu_count() or 1),
    show_default="one a processor",
    help="Records that are read at once.",
)


@contextmanager
def progress(total: int, *, beside_rows: bool = False) -> Iterator[Callable[[], None]]:
    """A bar on standard error while the work goes on, if somebody looks; gives what moves it.

    ``beside_rows`` says that rows go to standard output meanwhile. On one terminal bar and rows
    would overwrite each other, and the rows show how far the work is: no bar then.
    """
    if not sys.stderr.isatty() or (beside_rows and sys.stdout.isatty()):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=total)
        yield lambda: bar.advance(task)


@contextmanager
def progress_of(what: str, *, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, if somebody looks; gives what takes how much is done, and all."""
    if not shown or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def in_order(
    items: Sequence[_Item], act: Callable[[_Item], _T], n_threads: int
) -> Iterator[tuple[_Item, _T | fst24.Fst24Error]]:
    """What ``act`` gives for each item (a record, say), or the error that it met, in their order.

    A few items more than there are threads are under way at once, so memory stays that of a few.
    """

    def one(item: _Item) -> _T | fst24.Fst24Error:
        try:
            return act(item)
        except fst24.Fst24Error as error:
            return error

    with ThreadPoolExecutor(n_threads) as pool:
        waiting = deque(pool.submit(one, item) for item in items[: 2 * n_threads])
        for place, item in enumerate(items):
            result = waiting.popleft().result()
            if place + 2 * n_threads < len(items):
                waiting.append(pool.submit(one, items[place + 2 * n_threads]))
            yield item, result
