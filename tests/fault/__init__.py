"""Processes that die, disks that are full, files that others hold: nothing written is lost."""
