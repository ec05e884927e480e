"""What programs of several modules use."""


def leaf(t, *values):
    """A tensor that collects gradients."""
    return t.tensor(values, requires_grad=True)


def raises_in_order(*calls):
    """The builtin that each call raises, by name; of a call that does not, what it gives."""
    names = []
    for call in calls:
        try:
            names.append(repr(call()))
        except Exception as error:
            builtin = next(c for c in type(error).__mro__ if c.__module__ == "builtins")
            names.append(builtin.__name__)
    return names
