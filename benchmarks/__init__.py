"""Programs that run the same work here, on a worker and in PyTorch, in one run, and compare."""
