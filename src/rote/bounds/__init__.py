"""Bounds: what every network of a size must fail at. Numbers only; no network is built here."""
