"""Complex numbers: parts, angles, and views as pairs of real numbers."""

from teletensor_core import rules
from teletensor_core.dtypes import COMPLEX, complex64, float32, float64
from teletensor_core.errors import DTypeError, ShapeError
from teletensor_core.registry import op
from teletensor_core.samples import Sample, T, calls, unary
from teletensor_core.spec import spec


def _is_complex(input, name):
    if input.dtype.category != COMPLEX:
        raise DTypeError(f"{name} is only supported for complex tensors, got {input.dtype.title}")


def _part(input):
    _is_complex(input, "view of a part")
    return spec(input.shape, input.dtype.to_real(), tuple(2 * s for s in input.strides))


@op(
    infer=_part,
    view=True,
    namespaces=(),
    samples=calls(Sample(T(2, 3, dtype=complex64))),
)
def real(xp, input):
    """The real parts, sharing memory."""
    return input.real


@real.vjp("input")
def _(ops, g, out, input):
    return ops.to(g, dtype=input.dtype)


@op(
    infer=_part,
    view=True,
    namespaces=(),
    samples=calls(Sample(T(2, 3, dtype=complex64))),
)
def imag(xp, input):
    """The imaginary parts, sharing memory."""
    _is_complex_array(input)
    return input.imag


def _is_complex_array(input):
    if input.dtype.kind != "c":
        raise DTypeError("imag is not implemented for tensors with non-complex dtypes.")


@imag.vjp("input")
def _(ops, g, out, input):
    return ops.mul(ops.to(g, dtype=input.dtype), 1j)


def _as_real_spec(input):
    _is_complex(input, "view_as_real")
    return spec((*input.shape, 2), input.dtype.to_real(), (*(2 * s for s in input.strides), 1))


@op(infer=_as_real_spec, view=True, samples=calls(Sample(T(2, 3, dtype=complex64)), Sample(T(dtype=complex64))))
def view_as_real(xp, input):
    """Real and imaginary parts as a last dimension of two, sharing memory."""
    plain = input.ndim and input.flags.c_contiguous
    return input.view(input.real.dtype).reshape((*input.shape, 2)) if plain else _pairs(xp, input)


def _pairs(xp, input):
    half = input.dtype.itemsize // 2
    return xp.as_strided(input.real, (*input.shape, 2), (*input.strides, half))


@view_as_real.vjp("input")
def _(ops, g, out, input):
    return ops.view_as_complex(ops.clone(g))


def _as_complex_spec(input):
    if not input.ndim or input.shape[-1] != 2 or not input.dtype.is_floating_point or input.dtype.is_half:
        raise ShapeError(f"view_as_complex takes float32 or float64 with a last dimension of size 2, got {input!r}")
    if input.strides[-1] != 1 or any(s % 2 for s in input.strides[:-1]):
        raise ShapeError(f"view_as_complex needs pairs that lie together in memory, got strides {list(input.strides)}")
    return spec(input.shape[:-1], input.dtype.to_complex(), tuple(s // 2 for s in input.strides[:-1]))


@op(infer=_as_complex_spec, view=True, samples=calls(Sample(T(2, 3, 2))))
def view_as_complex(xp, input):
    """Pairs in the last dimension as complex numbers, sharing memory."""
    return input.view("D" if input.dtype.itemsize == 8 else "F").reshape(input.shape[:-1])


@view_as_complex.vjp("input")
def _(ops, g, out, input):
    return ops.view_as_real(ops.clone(g))


def _complex_spec(real, imag):
    for x in (real, imag):
        if x.dtype not in (float32, float64):
            raise DTypeError(f"Expected both inputs to be Float or Double tensors but got {x.dtype.title}")
    if real.dtype is not imag.dtype:
        raise DTypeError(
            f"Expected object of scalar type {real.dtype.title} but got {imag.dtype.title} for second argument"
        )
    return spec(rules.broadcast_shapes(real.shape, imag.shape), real.dtype.to_complex())


@op(
    infer=_complex_spec,
    namespaces=("torch",),
    name="complex",
    samples=calls(Sample(T(2, 3), T(2, 3))),
)
def complex_(xp, real, imag):
    """Complex numbers from their parts."""
    return real + xp.multiply(imag, xp.asarray(1j, "D" if real.dtype.itemsize == 8 else "F"))


@complex_.vjp("real")
def _(ops, g, out, real, imag):
    return ops.real(g)


@complex_.vjp("imag")
def _(ops, g, out, real, imag):
    return ops.imag(g)


@op(
    infer=lambda input: rules.to_real(rules.to_float(input)),
    promote=rules.common_float,
    saves=("input",),
    samples=unary(low=0.2),
)
def angle(xp, input):
    """The angle of complex numbers; 0 or pi for real ones."""
    if input.dtype.kind == "c":
        return xp.angle(input)
    out = xp.where(input < 0, xp.asarray(3.141592653589793, input.dtype), xp.asarray(0, input.dtype))
    return xp.where(xp.isnan(input), input, out)


@angle.vjp("input")
def _(ops, g, out, input):
    if not ops.dtype(input).is_complex:
        return ops.mul(g, 0)
    turned = ops.div(ops.mul(input, 1j), ops.pow(ops.abs(input), 2))
    return ops.mul(turned, g)
