"""Formulas that are computed element by element: found by running kernels on symbols, and compiled for the processor.

`expressions` finds them; the CUDA chains of `programs` are written from them as well. `llvm` and `native` make machine
code of them where the package `llvmlite` is installed. What is computed there has the bits that NumPy's functions give
one after another: the same operations of IEEE 754 in the same order, none contracted, none reordered. Only time and
memory differ, so it may be there or not.
"""
