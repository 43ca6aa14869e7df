"""Reading the operational dictionary (``ops.variable_dictionary.xml``; metadata.md, 6.2).

The file comes from a directory that others write to, so nothing in it may make this process big or
slow: its size, its depth and the number of its elements are bounded, and it may not declare
entities (a few lines of them can stand for gigabytes of text).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING, Final, get_args
from xml.parsers import expat

from fst24.dictionary._units import to_udunits
from fst24.dictionary._variable import DictionaryError, Language, Meaning, Variable

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

# The operational file of 2025 has 1631 variables in some 1.5 MB, 50,000 elements, 6 deep.
MAX_BYTES: Final = 16 << 20
MAX_ELEMENTS: Final = 250_000
MAX_DEPTH: Final = 32
_MAX_NUMBER_TEXT: Final = 11  # of a 32-bit integer with its sign


class _Reader:
    """Builds the tree of one file and keeps its bounds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.builder = ET.TreeBuilder()
        self.n_elements = 0
        self.depth = 0

    def refuse(self, reason: str) -> DictionaryError:
        return DictionaryError(f"{self.path}: {reason}: not read as a variable dictionary")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.n_elements += 1
        self.depth += 1
        if self.n_elements > MAX_ELEMENTS:
            raise self.refuse(f"more than {MAX_ELEMENTS:,} elements")
        if self.depth > MAX_DEPTH:
            raise self.refuse(f"elements more than {MAX_DEPTH} deep")
        self.builder.start(tag, attributes)

    def end(self, tag: str) -> None:
        self.depth -= 1
        self.builder.end(tag)

    def entity(self, name: str, *_facts: Any) -> None:  # noqa: ANN401 - expat's eight arguments
        raise self.refuse(f"it declares an entity ({name})")

    def read(self) -> ET.Element:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.builder.data
        parser.EntityDeclHandler = self.entity
        with self.path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise self.refuse(f"more than {MAX_BYTES >> 20} MiB")
        try:
            parser.Parse(content, True)
        except (expat.ExpatError, LookupError, ValueError) as error:
            if isinstance(error, DictionaryError):
                raise
            raise self.refuse(f"the XML is damaged ({error})") from error
        return self.builder.close()


def _words(element: ET.Element | None) -> str:
    """The text of an element, on one line."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def _in_language(parent: ET.Element | None, tag: str, language: Language) -> str:
    if parent is None:
        return ""
    for child in parent.findall(tag):
        if child.get("lang", "en").lower() == language:
            return _words(child)
    return ""


def _number(text: str | None) -> int | None:
    """An attribute that is an integer; None for anything else ("*", "", a range)."""
    text = (text or "").strip()
    if not text or len(text) > _MAX_NUMBER_TEXT or not text.lstrip("+-").isdecimal():
        return None
    try:
        return int(text)
    except ValueError:  # "+-1"
        return None


def _with_measure(variable: Variable, measure: ET.Element | None) -> Variable:
    """`variable` with units and limits, or with the meanings of its codes."""
    if measure is None:
        return variable
    for tag in ("real", "integer"):
        body = measure.find(tag)
        if body is not None:
            label = _words(body.find("units"))
            return replace(
                variable,
                measure="real" if tag == "real" else "integer",
                units=to_udunits(label),
                units_label=label,
                magnitude=_words(body.find("magnitude")),
                minimum=_words(body.find("min")),
                maximum=_words(body.find("max")),
                precision=_words(body.find("precision")),
            )
    for tag in ("code", "logical"):
        body = measure.find(tag)
        if body is not None:
            return replace(
                variable,
                measure="code" if tag == "code" else "logical",
                units="1",
                units_label=tag,
                meanings=tuple(_meanings(body)),
            )
    return variable


def _meanings(body: ET.Element) -> list[Meaning]:
    """Each <value> with the <meaning>s that follow it (or the first of a row in any order)."""
    found: list[Meaning] = []
    value: str | None = None
    texts: dict[str, str] = {}
    for child in [*body, ET.Element("value")]:  # the last one closes the row before it
        if child.tag == "value":
            if value is not None:
                found.append(Meaning(value, texts.get("en", ""), texts.get("fr", "")))
            value, texts = _words(child), {}
        elif child.tag == "meaning":
            texts[child.get("lang", "en").lower()] = _words(child)
    return found


def _variable(element: ET.Element, source: str) -> Variable | None:
    name = element.find("nomvar")
    nomvar = _words(name)
    if name is None or not nomvar:
        return None
    description = element.find("description")
    variable = Variable(
        nomvar=nomvar.upper(),
        long_name=_in_language(description, "short", "en"),
        long_name_fr=_in_language(description, "short", "fr"),
        definition=_in_language(description, "long", "en"),
        definition_fr=_in_language(description, "long", "fr"),
        usage=element.get("usage", "current").strip().lower(),
        origin=element.get("origin", "").strip(),
        date=element.get("date", "").strip(),
        ip1=_number(name.get("ip1")),
        ip2=_number(name.get("ip2")),
        ip3=_number(name.get("ip3")),
        level=name.get("level", "").strip(),
        kind=name.get("kind", "").strip(),
        etiket=name.get("etiket", "").strip(),
        source=source,
    )
    return _with_measure(variable, element.find("measure"))


def read_dictionary(path: Path) -> tuple[list[Variable], dict[str, dict[Language, str]]]:
    """The variables of a dictionary file in its order, and its typvar letters with their names.

    Raises
    ------
    OSError
        The file cannot be read.
    DictionaryError
        It is not XML, is damaged, holds no variable, or passes a bound.
    """
    root = _Reader(path).read()
    source = str(path)
    variables = [v for v in (_variable(e, source) for e in root.iter("metvar")) if v is not None]
    if not variables:
        message = (
            f"{path}: <{root.tag}> holds no <metvar> with a <nomvar>: not a variable dictionary"
        )
        raise DictionaryError(message)
    typvars: dict[str, dict[Language, str]] = {}
    for element in root.iter("typvar"):
        letter = _words(element.find("nomtype"))
        if letter:
            description = element.find("description")
            typvars[letter] = {
                language: _in_language(description, "short", language)
                for language in get_args(Language)
            }
    return variables, typvars
