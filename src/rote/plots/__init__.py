"""Figures, drawn with matplotlib and written to files."""
