"""PyTorch in one process, on the CPU."""

from __future__ import annotations

import os

import torch

from benchmarks import work
from benchmarks.peers.serve import serve

if __name__ == "__main__":
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    serve(work.small_ops(torch, "cpu") | work.training(torch, "cpu") | work.loading(torch, "cpu", lambda: None))
