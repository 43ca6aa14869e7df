"""What tests and benchmarks share: makers of files, readers of other people."""
