"""Pieces that the kernels of several ops share, written against an array namespace `xp`."""
