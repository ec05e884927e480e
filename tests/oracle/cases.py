"""The calls that the op tests make: the corpus of the core, which the self-test on a user's GPU makes too."""

from teletensor_core.corpus import Case, all_cases, cases, draw, families, flat

__all__ = ["Case", "all_cases", "cases", "draw", "families", "flat"]
