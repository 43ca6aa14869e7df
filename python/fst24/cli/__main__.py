"""``python -m fst24.cli``."""

from . import main

main()
