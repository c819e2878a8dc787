"""Exact arithmetic: dyadic numbers, rational and modular matrices, and bounds of rounding."""
