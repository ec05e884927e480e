"""Results of several tensors, by name: `torch.return_types`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from teletensor.tensor import Tensor

_Cls = TypeVar("_Cls", bound=type[Any])


def _printed_as_pytorch_does(cls: _Cls) -> _Cls:
    def text(self: Any) -> str:
        fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
        return f"torch.return_types.{cls.__name__}(\n{fields})"

    type.__setattr__(cls, "__repr__", text)
    return cls


@_printed_as_pytorch_does
class aminmax(NamedTuple):
    """The least and the greatest elements."""

    min: Tensor
    max: Tensor


@_printed_as_pytorch_does
class cummax(NamedTuple):
    """Running maxima, and where they are (int64)."""

    values: Tensor
    indices: Tensor


@_printed_as_pytorch_does
class cummin(NamedTuple):
    """Running minima, and where they are (int64)."""

    values: Tensor
    indices: Tensor


@_printed_as_pytorch_does
class kthvalue(NamedTuple):
    """The k-th smallest elements, and where they are (int64)."""

    values: Tensor
    indices: Tensor


@_printed_as_pytorch_does
class max(NamedTuple):
    """The greatest elements along a dimension, and where they are (int64)."""

    values: Tensor
    indices: Tensor


@_printed_as_pytorch_does
class median(NamedTuple):
    """The medians along a dimension (of two middle elements the lower), and where they are (int64)."""

    values: Tensor
    indices: Tensor


@_printed_as_pytorch_does
class min(NamedTuple):
    """The least elements along a dimension, and where they are (int64)."""

    values: Tensor
    indices: Tensor


@_printed_as_pytorch_does
class mode(NamedTuple):
    """The most frequent elements along a dimension, and where they are (int64)."""

    values: Tensor
    indices: Tensor


@_printed_as_pytorch_does
class sort(NamedTuple):
    """The elements in order, and where they were (int64)."""

    values: Tensor
    indices: Tensor


@_printed_as_pytorch_does
class topk(NamedTuple):
    """The k greatest (or least) elements, and where they are (int64)."""

    values: Tensor
    indices: Tensor


@_printed_as_pytorch_does
class geqrf(NamedTuple):
    """R and, below its diagonal, reflections, and their factors."""

    a: Tensor
    tau: Tensor


@_printed_as_pytorch_does
class qr(NamedTuple):
    """An orthogonal and an upper triangular matrix."""

    Q: Tensor
    R: Tensor


@_printed_as_pytorch_does
class svd(NamedTuple):
    """Left singular vectors, singular values and right singular vectors: `U @ diag(S) @ V.mH`."""

    U: Tensor
    S: Tensor
    V: Tensor


@_printed_as_pytorch_does
class histogram(NamedTuple):
    """How many elements lie between each two edges, and the edges."""

    hist: Tensor
    bin_edges: Tensor


@_printed_as_pytorch_does
class histogramdd(NamedTuple):
    """How many points lie in each box, and each dimension's edges."""

    hist: Tensor
    bin_edges: tuple[Tensor, ...]


@_printed_as_pytorch_does
class slogdet(NamedTuple):
    """The determinant's sign and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


@_printed_as_pytorch_does
class linalg_eigh(NamedTuple):
    """Eigenvalues in ascending order, and eigenvectors in columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


@_printed_as_pytorch_does
class linalg_qr(NamedTuple):
    """An orthogonal and an upper triangular matrix."""

    Q: Tensor
    R: Tensor


@_printed_as_pytorch_does
class linalg_slogdet(NamedTuple):
    """The determinant's sign and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


@_printed_as_pytorch_does
class linalg_svd(NamedTuple):
    """Left singular vectors, singular values and right singular vectors transposed: `U @ diag(S) @ Vh`."""

    U: Tensor
    S: Tensor
    Vh: Tensor


@_printed_as_pytorch_does
class triangular_solve(NamedTuple):
    """The solution, and a copy of the matrix."""

    solution: Tensor
    cloned_coefficient: Tensor


@_printed_as_pytorch_does
class linalg_lstsq(NamedTuple):
    """The solution, the sums of squared residuals, the rank, and the singular values, as far as they are computed."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


@_printed_as_pytorch_does
class nanmedian(NamedTuple):
    """Medians of the numbers, and where they are (int64)."""

    values: Tensor
    indices: Tensor


@_printed_as_pytorch_does
class frexp(NamedTuple):
    """Mantissas, in [0.5, 1), and exponents (int32)."""

    mantissa: Tensor
    exponent: Tensor


@_printed_as_pytorch_does
class linalg_lu(NamedTuple):
    """A permutation, a lower triangular matrix with ones on its diagonal, and an upper triangular one."""

    P: Tensor
    L: Tensor
    U: Tensor


@_printed_as_pytorch_does
class lu_unpack(NamedTuple):
    """A permutation, a lower triangular matrix with ones on its diagonal, and an upper triangular one."""

    P: Tensor
    L: Tensor
    U: Tensor


@_printed_as_pytorch_does
class linalg_lu_factor(NamedTuple):
    """Both triangular factors in one matrix, and which rows were exchanged (int32, from 1)."""

    LU: Tensor
    pivots: Tensor


@_printed_as_pytorch_does
class linalg_lu_factor_ex(NamedTuple):
    """Both triangular factors in one matrix, exchanges of rows, and where U is singular (int32; 0: nowhere)."""

    LU: Tensor
    pivots: Tensor
    info: Tensor


@_printed_as_pytorch_does
class linalg_inv_ex(NamedTuple):
    """The inverses, and 0 where there is one (int32)."""

    inverse: Tensor
    info: Tensor


@_printed_as_pytorch_does
class linalg_solve_ex(NamedTuple):
    """The solutions, and 0 where there is one (int32)."""

    result: Tensor
    info: Tensor


@_printed_as_pytorch_does
class linalg_cholesky_ex(NamedTuple):
    """The factors, and 0 where there is one, else the order of the minor that is not positive (int32)."""

    L: Tensor
    info: Tensor


@_printed_as_pytorch_does
class linalg_eig(NamedTuple):
    """Eigenvalues and eigenvectors (columns), complex."""

    eigenvalues: Tensor
    eigenvectors: Tensor
