"""Measure whether each region of a picture shows what was asked, where it was asked, and nothing else."""
