"""The rows of one batch, read from the front: words, and the numbers and elements that they mention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teletensor_core.backends import Origin
from teletensor_core.errors import MalformedRequestError


class Rows:
    """A batch's words with a place to read at. Every read is checked: the words are a stranger's.

    `at` stays at the row of an op until that has run. While a command runs, `origin` says what it computes.
    """

    def __init__(self, words: list[int], numbers: list[Any], elements: bytes) -> None:
        self.words = words
        self.numbers = numbers
        self.elements = memoryview(elements)
        self.at = 0
        self.origin: Callable[[], Origin] | None = None

    @property
    def left(self) -> int:
        """How many words are still to be read."""
        return len(self.words) - self.at

    def take(self) -> int:
        """The next word. Raises MalformedRequestError at the end."""
        if self.at >= len(self.words):
            raise MalformedRequestError("the batch ends in the middle of a row")
        self.at += 1
        return self.words[self.at - 1]

    def take_many(self, count: int) -> list[int]:
        """The next words. Raises MalformedRequestError at the end."""
        start, self.at = self.at, self.at + count
        if self.at > len(self.words):
            raise MalformedRequestError("the batch ends in the middle of a row")
        return self.words[start : self.at]

    def take_number(self) -> int:
        """The next word, which counts something of the client's: a request, a hook. Raises MalformedRequestError."""
        word = self.take()
        if word < 0:
            raise MalformedRequestError(f"requests and hooks are numbered from 0, not {word}")
        return word

    def take_list(self) -> list[int]:
        """A count, and as many words. Raises MalformedRequestError."""
        count = self.take()
        if not 0 <= count <= self.left:
            raise MalformedRequestError(f"a row lists {count} words, {self.left} are left")
        self.at += count
        return self.words[self.at - count : self.at]

    def number(self, word: int) -> Any:
        """The number that a negative operand word names. Raises MalformedRequestError."""
        if -word > len(self.numbers):
            raise MalformedRequestError(f"operand {word} names number {-word - 1} of {len(self.numbers)}")
        return self.numbers[-word - 1]
