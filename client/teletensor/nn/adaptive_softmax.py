"""Softmax over very many classes by their frequency, as in "Efficient softmax approximation for GPUs" (Grave, 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import teletensor as tt
from teletensor.nn.containers import ModuleList, Sequential
from teletensor.nn.functional import log_softmax
from teletensor.nn.linear import Linear
from teletensor.nn.module import Module
from teletensor.tensor import Tensor


class _ASMoutput(NamedTuple):
    """The logarithm of each target's probability, and the mean of their negatives."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """A loss for classes in order of their frequency: rare ones, beyond `cutoffs`, in clusters with smaller layers.

    The head has the frequent classes and one entry for each cluster. Only the rows that a cluster has targets of pass
    through its layers, so that each `forward` asks for a count of targets once, and once for each cluster.
    """

    def __init__(
        self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0,
        head_bias: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        given = list(cutoffs)
        if not given:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        rising = given == sorted(set(given)) and min(given) > 0 and max(given) <= n_classes - 1
        if not rising or any(int(c) != c for c in given):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                "value is between 1 and n_classes-1"
            )
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*given, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = given[0], len(given)
        self.head_size = self.shortlist_size + self.n_clusters
        options = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **options)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            width, size = int(in_features // (div_value ** (i + 1))), self.cutoffs[i + 1] - self.cutoffs[i]
            layers = (Linear(in_features, width, bias=False, **options), Linear(width, size, bias=False, **options))
            self.tail.append(Sequential(*layers))

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        for layer in (self.head, *(layer for cluster in self.tail for layer in cluster)):
            layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """For inputs (N, in_features) and targets (N,), or one of each: (output, loss), output like the targets.

        Raises RuntimeError for other shapes, and for targets that are no classes.
        """
        self._check(input_, target_)
        batched = target_.ndim > 0
        input, target = (input_, target_) if batched else (input_.unsqueeze(0), target_.unsqueeze(0))
        if bool(((target < 0) | (target >= self.n_classes)).any()):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found. "
            )
        cluster = tt.zeros_like(target)
        for cutoff in self.cutoffs[:-1]:
            cluster = cluster + (target >= cutoff)
        entry = tt.where(cluster == 0, target, cluster + (self.shortlist_size - 1))
        output = log_softmax(self.head(input), dim=1).gather(1, entry.unsqueeze(1)).squeeze(1)
        for i, layers in enumerate(self.tail):
            rows = (cluster == i + 1).nonzero().squeeze(1)
            if rows.numel():
                inside = log_softmax(layers(input.index_select(0, rows)), dim=1)
                wanted = (target.index_select(0, rows) - self.cutoffs[i]).unsqueeze(1)
                output = output.index_add(0, rows, inside.gather(1, wanted).squeeze(1))
        return _ASMoutput(output if batched else output.squeeze(0), (-output).mean())

    def _check(self, input: Tensor, target: Tensor) -> None:
        if target.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if target.ndim == 1 and input.shape[0] != target.shape[0]:
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if input.ndim != target.ndim + 1:
            raise RuntimeError(
                f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found inputs with size "
                f"{list(input.shape)}"
            )

    def log_prob(self, input: Tensor) -> Tensor:
        """The logarithms of all classes' probabilities, (N, n_classes)."""
        head = log_softmax(self.head(input), dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i, layers in enumerate(self.tail):
            parts.append(log_softmax(layers(input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1))
        return tt.cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most likely class of each row, int64; the head decides between the frequent classes and the clusters."""
        first = self.head(input).argmax(1)
        return tt.where(first < self.shortlist_size, first, self.log_prob(input).argmax(1))
