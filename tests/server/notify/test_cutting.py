"""Messages within the bytes that a target takes: characters stay whole, and the link is never cut."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.notify.model import MOST_LINK_BYTES, Message
from server.notify.targets import feishu, wecom
from server.notify.targets.cutting import MORE, cut, letter, lines_within

CUTS = [
    ("云台路", 9, "云台路", "it fits"),
    ("云台路", 8, "云" + MORE, "three bytes a character"),
    ("云台路", 5, MORE, "no room beside the mark"),
    ("云台路", 2, "", "no room at all"),
    ("ae\u0301bcd", 5, "a" + MORE, "an accent stays with its letter"),
    ("x🇨🇳🇯🇵", 16, "x🇨🇳" + MORE, "a flag is two letters"),
    ("x👨‍👩‍👧y", 14, "x" + MORE, "a family is one"),
    ("x👍🏽yy", 9, "x" + MORE, "a thumb keeps its skin"),
    ("ab  cdefgh", 7, "ab" + MORE, "no blanks before the mark"),
]


@pytest.mark.parametrize(("text", "most", "shown", "why"), CUTS)
def test_a_cut_by_bytes_keeps_characters_whole(text: str, most: int, shown: str, why: str) -> None:
    assert cut(text, most) == shown, why


@given(text=st.text(max_size=80), most=st.integers(0, 200))
def test_a_cut_is_a_beginning_of_at_most_so_many_bytes(text: str, most: int) -> None:
    shown = cut(text, most)
    assert len(shown.encode()) <= most
    kept = shown if shown == text else shown.removesuffix(MORE)
    assert text.startswith(kept)
    after = text[len(kept) :].lstrip()
    if kept and kept == text[: len(kept)] and text[len(kept) : len(kept) + 1] == after[:1] != "":
        assert not unicodedata.category(after[0]).startswith("M"), "no accent was left behind"


@given(
    title=st.text(min_size=1, max_size=300),
    lines=st.lists(st.text(max_size=300), max_size=30),
    path=st.text(alphabet="abc/0-", max_size=300),
    most=st.sampled_from([wecom.MOST_BYTES, 600, 4096]),
)
def test_the_link_is_never_cut(title: str, lines: list[str], path: str, most: int) -> None:
    message = Message("m", "alerts.new", title, tuple(lines), f"https://example.org/{path}", "")
    said = letter(message, most)
    assert len(said.encode()) <= most
    assert said.endswith("\n" + message.link)


def test_without_room_for_a_word_there_is_no_message() -> None:
    message = Message("m", "test", "标题", (), "https://example.org/", "")
    assert letter(message, 24) == f"{MORE}\nhttps://example.org/"
    with pytest.raises(ValueError, match="no room"):
        letter(message, 23)


def test_a_link_that_could_not_be_kept_is_refused_at_once() -> None:
    Message("m", "test", "x", (), "h" * MOST_LINK_BYTES, "")
    with pytest.raises(ValueError, match="513 bytes"):
        Message("m", "test", "x", (), "h" * (MOST_LINK_BYTES + 1), "")


def test_lines_that_do_not_fit_are_left_out_from_the_end() -> None:
    assert lines_within(("ab", "cd", "ef"), 8) == ("ab", "cd", "ef")
    assert lines_within(("ab", "cd", "efghij"), 10) == ("ab", "cd", "e" + MORE)
    assert lines_within(("ab", "cdefgh"), 3) == ("ab",)
    assert lines_within((), 3) == ()


def test_feishu_never_refuses_for_length() -> None:
    """A body of more than 20 KB is refused; quotes and backslashes take two bytes in JSON."""
    lines = lines_within(tuple('"\\' * 500 for _ in range(40)), feishu.MOST_BYTES)
    assert len(json.dumps(lines, ensure_ascii=False).encode()) < 20_000
