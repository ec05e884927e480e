"""CUDA kernels of our own, for what CuPy lacks and for what one launch does better than many.

Sources only: nothing here imports CuPy before a kernel is used. `*.cu` files hold kernels that work in blocks,
`elementwise.py` those that do one thing for each element.
"""
