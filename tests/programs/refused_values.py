"""Values that distributions refuse: outside the support, of other shapes, and of other types.

On a worker those outside are errors of what is computed from them; here they are errors at once, in PyTorch's words.
"""

from tests.programs.distributions import MADE, parameter, value_of


def _refused(name):
    make, parameters, _ = MADE[name]

    def program(t):
        d = make(t.distributions, *[parameter(t, *p) for p in parameters])
        value = value_of(t, name)
        found = []
        for bad in (value * float("nan"), value[..., None].expand(*value.shape, 7), 3, value - 100.25):
            try:
                d.log_prob(bad)
                found.append("taken")
            except (ValueError, TypeError, AttributeError) as error:
                found.append(str(error).splitlines()[0] if isinstance(error, ValueError) else "refused")
        return found

    return program


CALLS = {name: _refused(name) for name in MADE}
