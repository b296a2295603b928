"""The body of a form: bounded, of one kind, decoded once."""

import unicodedata
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from server.web.front import MAX_REQUEST, TooLargeError

CONTENT_TYPE: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 400
MOST_WORDS: Final = 2_000
"""Characters of a comment."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Control, format (bidi and zero-width among them), surrogate, private, unassigned."""

Fields = Mapping[str, tuple[str, ...]]


class FormError(Exception):
    """A body that is not taken, with the status that says why."""

    def __init__(self, status: int, reason: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(reason)


async def read(request: Request, most: int = MAX_REQUEST) -> Fields:
    """All values of each name.

    Raises:
        FormError: 413 longer than ``most`` bytes, 415 of another type, 400 no form.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != CONTENT_TYPE:
        raise FormError(415, "type")
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > most:
                raise FormError(413, "large")
    except TooLargeError as error:
        raise FormError(413, "large") from error
    return decoded(bytes(body))


def decoded(body: bytes) -> Fields:
    """The fields of a body.

    Raises:
        FormError: 400 for what is no form.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise FormError(400, "type") from error
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return fields


def words(text: str) -> str:
    """What a person wrote, as text of several lines: without characters that are unseen or turn it around."""
    lines = (_line(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(lines).strip()


def _line(line: str) -> str:
    spaced = line.replace("\t", " ")
    return "".join(char for char in spaced if unicodedata.category(char) not in _UNSEEN).rstrip()
