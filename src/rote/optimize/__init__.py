"""Optimization: what gradient methods do near networks that memorize, in numpy."""
