"""Lemmas that several theorems share, each with its own test."""
