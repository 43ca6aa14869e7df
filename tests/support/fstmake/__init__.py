"""A writer of FST files for tests, independent of the C code: it follows ``docs/format`` alone."""
