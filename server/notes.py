"""What strangers write, made fit to keep: one plain line, and nothing by which to reach a person. Pure."""

import re
import unicodedata
from typing import Final

MOST: Final = 200
"""Characters of a note."""
MASK: Final = "***"
PHONE_DIGITS: Final = 7
"""The shortest local phone number in China; house numbers, plates and prices are shorter."""

_CHINESE_DIGITS: Final = frozenset("〇零一二两三四五六七八九幺壹贰叁肆伍陆柒捌玖")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Control, format (bidi and zero-width among them), surrogate, private, unassigned."""
_NUMBER: Final = re.compile(rf"0(?:[ \-–—.·_/()]{{0,2}}0){{{PHONE_DIGITS - 1},}}")
_DATE: Final = re.compile(
    r"(?<![0-9])(?<![0-9][ \-–—.·_/()])"
    r"20[0-9]{2}([-./])(?:0?[1-9]|1[0-2])\1(?:[0-2]?[0-9]|3[01])(?![-./]?[0-9])"
)
"""Year, month and day, with nothing more of a number beside them."""
_MAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+ ?@ ?[A-Za-z0-9-]+(?: ?\. ?[A-Za-z0-9-]+)*")
_SERVICE: Final = (
    r"(?:微信|薇信|威信|[vV]信|加[vV]|(?<![A-Za-z])(?i:vx|wx|qq|wechat|weixin))(?: ?(?:号码?|(?i:id)))?"
)
_NAME: Final = r"[A-Za-z][A-Za-z0-9_-]{5,19}"
_ACCOUNT: Final = re.compile(rf"({_SERVICE} ?[:：是为] ?){_NAME}|({_SERVICE} ?)(?=[A-Za-z]*[0-9_-]){_NAME}")
"""An account behind the name of its service: 6 to 20 characters, a letter first, as WeChat has them.

Without a colon between them only one with a digit or a sign, so that "WeChat payment" stays.
"""


def plain(text: str) -> str:
    """One line without characters that cannot be seen or that turn the text around; blanks once."""
    seen = (char for char in text if char.isspace() or unicodedata.category(char) not in _UNSEEN)
    return " ".join("".join(seen).split())


def clean(text: str) -> str:
    """:func:`plain`, with phone numbers, mail addresses and accounts replaced by :data:`MASK`.

    A number is :data:`PHONE_DIGITS` digits or more of any script, also with signs between them, but for a
    date as in ``2026-07-01``.
    """
    line = _MAIL.sub(MASK, plain(text).replace("＠", "@"))
    line = _ACCOUNT.sub(rf"\1\2{MASK}", line)
    # The same length as the line, so that what is found in it is found in the line.
    undated = _DATE.sub(lambda found: ":" * len(found[0]), line)
    shadow = "".join("0" if _is_digit(char) else char for char in undated)
    for found in reversed(list(_NUMBER.finditer(shadow))):
        line = line[: found.start()] + MASK + line[found.end() :]
    return line


def _is_digit(char: str) -> bool:
    return char in _CHINESE_DIGITS or unicodedata.digit(char, None) is not None
