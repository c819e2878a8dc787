"""Capacity: the generic rank of Jacobians, by formulas, exactly modulo a prime, and by probing."""
