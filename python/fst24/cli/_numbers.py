"""Commands that turn numbers given as arguments, or as lines of standard input, into others."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

import fst24

from ._output import complain, json_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: What is written where an answer would be, so that answers stay beside their questions.
NO_ANSWER = "none"


class NumberCommand(click.Command):
    """A command that takes negative numbers as arguments: -5 is no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Hide the sign from the parser of options; `words` takes the blank away again."""
        return super().parse_args(ctx, [f" {a}" if re.match(r"-[\d.]", a) else a for a in args])


class Answer:
    """A line of text, or an object of JSON; ``problem`` is why there is none."""

    def __init__(self, text: str, known: dict[str, Any], problem: str | None = None) -> None:
        self.text = text if problem is None else NO_ANSWER
        self.known = known
        self.problem = problem


def words(arguments: Iterable[str]) -> list[str]:
    """Arguments as words, also those that a shell passed as one."""
    return [word for argument in arguments for word in argument.split()]


def answer_all(
    arguments: tuple[str, ...], answers: Callable[[list[str]], Iterable[Answer]], *, as_json: bool
) -> None:
    """Write an answer a line; exit with 1 when one could not be given.

    Of ``-`` alone the words are those of standard input, line by line, and a line that is not
    understood does not hinder the others.
    """
    is_piped = arguments == ("-",)
    failed = False
    for number, line in enumerate(_lines(arguments, is_piped=is_piped), start=1):
        try:
            for answer in answers(line):
                click.echo(json_line(answer.known) if as_json else answer.text + "\n", nl=False)
                if answer.problem is not None:
                    failed = True
                    complain(fst24.EncodingError(answer.problem))
        except click.UsageError as error:
            if not is_piped:
                raise
            failed = True
            complain(fst24.EncodingError(f"line {number}: {error.format_message()}"))
    if failed:
        sys.exit(1)


def _lines(arguments: tuple[str, ...], *, is_piped: bool) -> Iterator[list[str]]:
    if not is_piped:
        if not all(argument.strip() for argument in arguments):
            raise click.UsageError("An argument is blank: a variable of the shell that is not set?")
        yield words(arguments)
        return
    for line in sys.stdin:
        yield line.split()
        sys.stdout.flush()  # who feeds lines one by one waits for the answers
