"""Datasets of fst24 against those of fstd2nc, and right where those are not."""
