"""Print what pyproject.toml asks for: build tools, dependencies, the extras given as arguments."""

import sys
import tomllib
from pathlib import Path


def main() -> None:
    """Write one requirement a line."""
    text = Path(__file__).parent.parent.joinpath("pyproject.toml").read_text(encoding="utf-8")
    config = tomllib.loads(text)
    project = config["project"]
    lines = [*config["build-system"]["requires"], *project["dependencies"]]
    for extra in sys.argv[1:]:
        lines += project["optional-dependencies"][extra]
    sys.stdout.write("\n".join(lines) + "\n")


main()
