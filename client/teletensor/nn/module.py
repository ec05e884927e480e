"""The base class of all layers and models."""

from typing import TYPE_CHECKING, Any, Self

from teletensor.nn.convert import Converts
from teletensor.nn.hooks import Hooked
from teletensor.nn.loading import Loads


class Module(Loads, Converts, Hooked):
    """A part of a model: parameters, buffers, child modules and a `forward`.

    A subclass calls `super().__init__()` first, assigns what it holds to attributes and defines
    `forward`; calling the module runs `forward` and the hooks around it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs:
            name = next(iter(kwargs))
            raise TypeError(f"Module.__init__() got an unexpected keyword argument '{name}'")
        if args:
            raise TypeError(f"Module.__init__() takes 1 positional argument but {len(args) + 1} were given")
        super().__init__()

    if not TYPE_CHECKING:
        # Declared as a callable with any arguments in Hooked, so that every subclass may define its own.
        def forward(self, *input: Any) -> Any:
            """What the module computes; every subclass defines its own."""
            raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def compile(self, **options: Any) -> None:
        """Compile calls of this module, as `torch.compile(module)` does, with the same options, but in place."""
        from teletensor import compiled

        self._compiled_call_impl = compiled.compile(self._call_impl, **options)

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all below it to training, or to evaluation."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Switch this module and all below it to evaluation."""
        return self.train(False)

    def extra_repr(self) -> str:
        """What stands between the parentheses of `repr`; one or more lines."""
        return ""

    def _get_name(self) -> str:
        return self.__class__.__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        own = extra.split("\n") if extra else []
        children = [f"({name}): {indent(repr(child))}" for name, child in self._modules.items()]
        if len(own) == 1 and not children:
            return f"{self._get_name()}({own[0]})"
        return f"{self._get_name()}({block(own + children)})"


def indent(text: str) -> str:
    """`text` with every line but the first moved two columns to the right."""
    return text.replace("\n", "\n  ")


def block(lines: list[str]) -> str:
    """Lines indented, each on its own; nothing for no lines."""
    return "".join(f"\n  {line}" for line in lines) + "\n" if lines else ""
