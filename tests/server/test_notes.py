"""What a stranger's note keeps and what it loses."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.notes import MASK, clean, plain


@pytest.mark.parametrize(
    ("written", "kept", "why"),
    [
        ("二楼的插座没电", "二楼的插座没电", "nothing to hide"),
        ("  门\n\n关着\t的 ", "门 关着 的", "one line"),
        ("a\u202egnp.exe\u200b\u2066b\x1b[31m\x00", "agnp.exeb[31m", "bidi, zero-width, escape, null"),
        ("坏\u2028了\u2029", "坏 了", "separators of lines and paragraphs are blanks"),
        ("\ud800\ue000x\U0010ffff", "x", "surrogates, private use, no characters at all"),
        ("<b>&\"'</b>", "<b>&\"'</b>", "markup is text"),
        ("空调坏了😀", "空调坏了😀", "an emoji is seen"),
    ],
)
def test_a_note_is_one_plain_line(written: str, kept: str, why: str) -> None:
    assert plain(written) == kept, why


@pytest.mark.parametrize(
    ("written", "kept", "why"),
    [
        ("打13812345678找我", f"打{MASK}找我", "a mobile phone"),
        ("138 1234 5678", MASK, "in groups"),
        ("138-1234-5678 张", f"{MASK} 张", "with dashes"),
        ("+86 (0351) 123.4567", f"+{MASK}", "with an area code"),
        ("１３８１２３４５６７８", MASK, "fullwidth digits"),
        ("①③⑧①②③④⑤⑥⑦⑧", MASK, "digits in circles"),
        ("١٣٨١٢٣٤٥٦٧٨", MASK, "Arabic digits"),
        ("一三八一二三四五六七八", MASK, "in characters"),
        ("幺三八 1234 伍陆柒捌", MASK, "mixed"),
        ("1\u200b3812345678", MASK, "with something unseen between them"),
        ("1234567", MASK, "seven digits are a phone"),
        ("123456 号插座", "123456 号插座", "six are not"),
        ("12 个插座坏了 3 个，柜子 2 号仓", "12 个插座坏了 3 个，柜子 2 号仓", "counts"),
        ("写的 08:00-22:00，其实 9 点开", "写的 08:00-22:00，其实 9 点开", "hours"),
        ("2026-07-01 全天关门", "2026-07-01 全天关门", "a date"),
        ("从 2026/7/01 到 2026.07.15", "从 2026/7/01 到 2026.07.15", "dates as people write them"),
        ("2026-07-01 08:00，13812345678", f"2026-07-01 08:00，{MASK}", "a date, and a phone after it"),
        ("138-2026-07-01", MASK, "a phone in which a date stands"),
        ("2026-07-0199", MASK, "no day has four digits"),
        ("2013-08-12-3456", MASK, "a phone that begins like a date"),
        ("2026-07.01", MASK, "nobody writes a date so"),
        ("20260701", MASK, "eight digits together may be a phone"),
        ("找 a.b+c@mail.example.com 谢谢", f"找 {MASK} 谢谢", "a mail address"),
        ("abc＠qq．com", f"{MASK}．com", "a fullwidth at-sign"),
        ("微信号：rider_88", f"微信号：{MASK}", "an account, said to be one"),
        ("加v abc12345", f"加v {MASK}", "as riders write it"),
        ("WeChat: somebody", f"WeChat: {MASK}", "letters alone, behind a colon"),
        ("vx rider-1 关门", f"vx {MASK} 关门", "without a colon"),
        ("QQ12345678", f"QQ{MASK}", "a number"),
        ("wechat payment is broken", "wechat payment is broken", "a word of English"),
        ("用微信扫码没反应", "用微信扫码没反应", "a word of Chinese"),
    ],
)
def test_what_leads_to_a_person_is_masked(written: str, kept: str, why: str) -> None:
    assert clean(written) == kept, why


@given(st.text(max_size=60), st.text(st.sampled_from("0123456789 -"), min_size=7, max_size=30))
def test_no_run_of_seven_digits_and_nothing_unseen_is_left(around: str, number: str) -> None:
    kept = clean(around + number + around)
    run = 0
    for char in kept:
        run = run + 1 if unicodedata.digit(char, None) is not None else 0
        assert run < 7
        assert unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    assert clean(kept) == kept, "nothing is found the second time"
