"""The one exception of the contract."""

import reprlib
from typing import Final

MAX_SHOWN: Final = 80


class _Short(reprlib.Repr):
    """Values as hostile as they like, in few characters and without effort."""

    def repr_int(self, value: int, _level: int) -> str:
        return "a huge integer" if abs(value) >= 10**30 else str(value)


_SHORT: Final = _Short()
_SHORT.maxlevel = 3
_SHORT.maxstring = _SHORT.maxother = MAX_SHOWN


class ContractError(ValueError):
    """A message, topic or value that breaks the contract.

    Attributes:
        field: where, as a path from the message's root, e.g. ``sockets[2].power_w``.
        value: what stood there, shortened to 80 characters.
        expected: what the contract allows, in words.
    """

    def __init__(self, field: str, value: object, expected: str) -> None:
        self.field = field
        self.value = _shorten(value)
        self.expected = expected
        super().__init__(self._sentence())

    def below(self, parent: str) -> "ContractError":
        """The same error seen from one level up: ``power_w`` below ``sockets[2]``."""
        joined = f"{parent}{self.field}" if self.field.startswith("[") else self._dotted(parent)
        error = ContractError(joined, None, self.expected)
        error.value = self.value
        error.args = (error._sentence(),)
        return error

    def _sentence(self) -> str:
        return f"{self.field or 'message'}: got {self.value}, expected {self.expected}"

    def _dotted(self, parent: str) -> str:
        return f"{parent}.{self.field}" if self.field and parent else parent or self.field


def _shorten(value: object) -> str:
    text = _SHORT.repr(value)
    text = text.encode("ascii", "backslashreplace").decode() if not text.isprintable() else text
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
