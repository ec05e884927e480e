"""What PyTorch has and teletensor has not, with the reason: one clear error at the line that used it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

REASONS = {
    "distributed": "training over several processes is a later version's work; one worker serves one program",
    "parallel": "training over several processes is a later version's work",
    "jit": "there is nothing to compile to: ops run on the worker as they come",
    "fx": "modules are not traced: ops run on the worker as they come",
    "onnx": "models cannot be exported; torch.save writes state dicts that PyTorch reads",
    "export": "models cannot be exported; torch.save writes state dicts that PyTorch reads",
    "compile": "recorded programs are a later version's work; leave the model as it is, it runs the same",
    "multiprocessing": "tensors cannot be shared between processes; Python's multiprocessing is there for the rest",
    "profiler": "nothing is profiled in this version; session.stats() counts commands, bytes and round trips",
    "quantization": "there are no quantized tensors",
    "ao": "there are no quantized tensors",
    "sparse": "there are no sparse tensors",
    "sparse_coo_tensor": "there are no sparse tensors",
    "sparse_csr_tensor": "there are no sparse tensors",
    "nested": "there are no nested tensors: pad them, see nn.utils.rnn.pad_sequence",
    "fft": "Fourier transforms are a later version's work",
    "stft": "Fourier transforms are a later version's work",
    "istft": "Fourier transforms are a later version's work",
    "vmap": "functions are not vectorised automatically: write the batch dimension out",
    "hub": "models are not downloaded; load a checkpoint with torch.load",
    "package": "models cannot be packaged; torch.save writes state dicts",
    "mps": "there is one kind of accelerator here, the worker's: see torch.cuda and torch.accelerator",
    "xpu": "there is one kind of accelerator here, the worker's: see torch.cuda and torch.accelerator",
    "mtia": "there is one kind of accelerator here, the worker's: see torch.cuda and torch.accelerator",
    "futures": "ops are sent without waiting anyway; Tensor.item_async() and to_host(non_blocking=True) give futures",
    "classes": "custom C++ classes need PyTorch itself",
    "library": "custom operators need PyTorch itself; torch.autograd.Function works here",
    "_dynamo": "there is no compiler here",
    "_inductor": "there is no compiler here",
}


def getter(module: str) -> Callable[[str], NoReturn]:
    """A module's `__getattr__`: an AttributeError that names what is missing, and why where that is known."""
    public = module.replace("teletensor", "torch", 1)

    def __getattr__(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        reason = REASONS.get(name) or REASONS.get(public.rpartition(".")[2]) or "it is not (yet) among what works here"
        raise AttributeError(f"teletensor has no {public}.{name}; {reason}")

    return __getattr__
