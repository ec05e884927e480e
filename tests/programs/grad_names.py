"""What results of recorded ops print as their `grad_fn`, expression by expression."""

from pathlib import Path

# One a line: a text file is easier to read and to add to than code.
_EXPRESSIONS = (Path(__file__).parent / "grad_names.txt").read_text().splitlines()
_GROUPS = 12


def _namespace(torch):
    ramp = torch.linspace(0.1, 0.9, 64).requires_grad_()
    return {
        "t": torch, "F": torch.nn.functional, "x": ramp[:12].view(3, 4), "x2": torch.full((3, 4), 0.5),
        "x3": ramp[:24].view(2, 3, 4), "x4": ramp.view(2, 2, 4, 4), "w": ramp[:20].view(5, 4), "b": ramp[:5],
        "v": ramp[:12].view(2, 3, 2), "k": ramp[:24].view(3, 2, 2, 2), "i": torch.tensor([0, 1]),
        "j": torch.zeros(3, 4, dtype=torch.int64), "c": torch.tensor([0, 1, 2]),
        "s": torch.eye(3) * 2 + ramp[:9].view(3, 3) @ ramp[:9].view(3, 3).T,
    }  # fmt: skip


def _name_of(expression, names):
    try:
        found = eval(expression, dict(names))
    except Exception as error:
        builtin = next(c for c in type(error).__mro__ if c.__module__ == "builtins")
        return builtin.__name__
    return type(found.grad_fn).__name__


def _group(at):
    def program(torch):
        names = _namespace(torch)
        return [f"{e}: {_name_of(e, names)}" for e in _EXPRESSIONS[at::_GROUPS]]

    return program


CALLS = {f"names_{at}": _group(at) for at in range(_GROUPS)}
