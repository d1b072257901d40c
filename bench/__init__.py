"""Benchmarks: each figure beside another of the same run, because machines differ and drift."""
