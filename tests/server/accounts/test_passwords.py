"""Passwords: which are taken, what comparing them costs, and how many wait."""

import threading

import pytest

from server.accounts import passwords
from server.accounts.passwords import WAITING, BusyError, PasswordError, Passwords
from tests.support.staff import CHEAP, PASSWORD
from tests.support.wait import until

# New passwords


@pytest.mark.parametrize(
    ("password", "reason", "why"),
    [
        ("", "length", "none"),
        ("x8!kQ2#mZ4b", "length", "eleven characters"),
        ("abcdefgh" * 17, "length", "136 characters"),
        ("x" * 70_000, "length", "as long as a book"),
        ("correct\x00horse battery", "control", "ends a string of C"),
        ("correct horse\nbattery", "control", "a page cannot send it"),
        ("correct horse \ud800", "control", "half a character"),
        ("13800138000138", "digits", "a phone number"),
        ("１３８００１３８００１３８", "digits", "full-width digits"),
        ("abababababab", "alike", "two characters"),
        ("AaAaBbBbCcCcDd", "alike", "four, of two sizes"),
        ("password1234", "easy", "the first that guessers try"),
        ("Waystation2026!", "easy", "the name of the program"),
        ("tian.shifu-123", "easy", "the user's name and some digits"),
        ("qwerty123456admin!", "easy", "three easy ones"),
    ],
)
def test_a_new_password_that_is_not_taken(password: str, reason: str, why: str) -> None:
    with pytest.raises(PasswordError) as refused:
        passwords.check(password, "tian.shifu")
    assert refused.value.reason == reason, why
    assert not password or password not in str(refused.value), "is not told again"


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "x8!kQ2#mZ4bT",
        "我的奶奶每天都在公园里跳舞",
        "  blanks around  ",
        "é" * 4 + "àüöß plain",
        "a1b2c3d4e5" * 12,
    ],
)
def test_a_new_password_that_is_taken(password: str) -> None:
    passwords.check(password, "tian")


def test_generated_passwords_are_taken_and_differ() -> None:
    made = {passwords.generated() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert len(password) == 23
        assert not set(password) & set("0o1il")
        passwords.check(password, "tian")


# Hashes


def test_without_a_cheaper_hasher_it_costs_what_rfc_9106_says() -> None:
    hashed = Passwords().hash(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    ("typed", "right", "why"),
    [
        (PASSWORD, True, "the same"),
        ("cafe\u0301 " + PASSWORD, False, "more before it"),
        (PASSWORD + " ", False, "a blank after it"),
        (PASSWORD.upper(), False, "capitals"),
        ("", False, "nothing"),
        (PASSWORD + "\x00", False, "a zero byte ends nothing"),
        ("x" * 70_000, False, "long"),
        ("\ud800", False, "half a character"),
    ],
    ids=ascii,
)
def test_matching(typed: str, right: bool, why: str) -> None:
    hashing = Passwords(CHEAP)
    assert hashing.matches(typed, hashing.hash(PASSWORD)) == right, why
    assert not hashing.matches(typed, None), "nobody's"


def test_a_password_is_the_same_however_the_keyboard_composes_it() -> None:
    hashing = Passwords(CHEAP)
    assert hashing.matches("cafe\u0301 au lait!", hashing.hash("caf\u00e9 au lait!"))


def test_what_is_too_long_is_wrong_even_if_it_begins_right() -> None:
    hashing = Passwords(CHEAP)
    longest = "ab" * 64
    assert hashing.matches(longest, hashing.hash(longest))
    assert not hashing.matches(longest + "c", hashing.hash(longest + "c")), "never taken, never right"


def is_free(hashing: Passwords) -> bool:
    """Whether one more would be let wait; does not wait itself."""
    if hashing._waiting.acquire(blocking=False):
        hashing._waiting.release()
        return True
    return False


def test_no_more_than_eight_wait() -> None:
    hashing, gate, inside = Passwords(CHEAP), threading.Event(), threading.Semaphore(0)

    def sit() -> None:
        with hashing.seat():
            inside.release()
            gate.wait(60)

    threads = [threading.Thread(target=sit) for _ in range(passwords.AT_ONCE)]
    for thread in threads:
        thread.start()
        assert inside.acquire(timeout=30), "computes at once"
    waiting = [threading.Thread(target=sit) for _ in range(WAITING - passwords.AT_ONCE)]
    for thread in waiting:
        thread.start()
    until(lambda: not is_free(hashing), 30, "eight compute or wait")
    with pytest.raises(BusyError), hashing.seat():
        pytest.fail("a seat beyond the last")
    gate.set()
    for thread in threads + waiting:
        thread.join(30)
    with hashing.seat():
        pass
