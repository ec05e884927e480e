"""The engine of teletensor: op registry, rules, kernels, autograd and devices. No sessions, no wire."""
