"""E-mail through apprise: real conversations with a mail server."""

from collections.abc import Iterator

import pytest

from server.notify.model import Refused, Sent
from server.notify.targets import others
from tests.support.mailbox import HANG, Mailbox, Step, mailbox
from tests.support.others import LINK, LONGEST, MESSAGE, children, sent


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    with mailbox(tmp_path_factory.mktemp("mailbox")) as running:
        yield running


@pytest.fixture
def post(server: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """The mailbox, empty and well, and its certificate trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    server.says, server.locked = {}, ""
    server.mails.clear()
    return server


def test_a_mail_arrives_once_and_as_it_was_written(post: Mailbox) -> None:
    assert sent(post.url()) == Sent()
    (mail,) = post.mails
    assert mail["subject"] == MESSAGE.title
    assert mail["to"] == "wang@example.org"
    assert mail["from"] == "waystation@example.org"
    assert (mail.get_content_type(), mail.get_content_charset()) == ("text/plain", "utf-8")
    assert mail.get_content().splitlines() == [*MESSAGE.lines, LINK]


def test_the_longest_mail_arrives_with_its_link(post: Mailbox) -> None:
    assert sent(post.url(), LONGEST) == Sent()
    (mail,) = post.mails
    assert mail.get_content().splitlines()[-1] == LINK
    assert len(mail.get_content().encode()) > others.MOST_BYTES - 200, "cut late, and at the end"


@pytest.mark.parametrize(
    ("step", "reply", "expected", "why"),
    [
        ("greeting", "421 4.3.2 Service not available", Refused("temporary", "server_error", "SMTP 421"),
         "too busy to talk"),
        ("greeting", "554 5.7.1 No mail from your address", Refused("setup", "refused", "SMTP 554"),
         "will not talk to this server"),
        ("MAIL", "421 4.7.0 Try again later", Refused("temporary", "server_error", "SMTP 421"),
         "closes before a mail"),
        ("MAIL", "553 5.7.1 Sender address rejected", Refused("setup", "refused", "SMTP 553"),
         "a sender that is not the account's"),
        ("RCPT", "550 5.1.1 No such user here", Refused("setup", "address", "SMTP 550"),
         "nobody has this address"),
        ("RCPT", "421 4.7.0 Too many mails, closing", Refused("temporary", "server_error", "SMTP 421"),
         "closes at the recipient"),
        ("RCPT", "450 4.7.1 Greylisted, try again in 5 minutes", Refused("temporary", "refused", "SMTP 450"),
         "wants to see it again"),
        ("RCPT", "452 4.2.2 Mailbox full", Refused("temporary", "refused", "SMTP 452"), "may be emptied"),
        ("RCPT", "550 5.7.1 error=200. (535, b'no')", Refused("setup", "address", "SMTP 550"),
         "its words mean nothing"),
        ("DATA", "421 4.3.0 Shutting down", Refused("temporary", "server_error", "SMTP 421"),
         "closes when it has heard all"),
        ("DATA", "451 4.3.0 Queue file write error", Refused("temporary", "refused", "SMTP 451"),
         "its disk is full"),
        ("DATA", "554 5.7.1 Spam message rejected", Refused("setup", "refused", "SMTP 554"),
         "does not like it"),
    ],
)  # fmt: skip
def test_a_mail_server_that_refuses(
    post: Mailbox, step: Step, reply: str, expected: Refused, why: str
) -> None:
    post.says[step] = reply
    assert sent(post.url()) == expected, why
    assert post.mails == []


@pytest.mark.parametrize(
    ("locked", "password", "expected", "why"),
    [
        ("", "wrong", Refused("setup", "login", "SMTP 535"), "a wrong password"),
        ("534 5.7.9 Application-specific password required", "p%2Bss",
         Refused("setup", "login", "SMTP 534"), "an account wants another kind of password"),
        ("454 4.7.0 Temporary authentication failure", "p%2Bss",
         Refused("temporary", "refused", "SMTP 454"), "the password may be right"),
        ("421 4.7.0 Too many logins", "p%2Bss",
         Refused("temporary", "server_error", "SMTP 421"), "too often"),
    ],
)  # fmt: skip
def test_a_login_that_is_refused(
    post: Mailbox, locked: str, password: str, expected: Refused, why: str
) -> None:
    post.locked = locked
    assert sent(post.url(password)) == expected, why
    assert post.mails == []


def test_a_login_that_is_left_out(post: Mailbox) -> None:
    bare = post.url().replace("waystation:p%2Bss@127", "127")
    assert sent(bare) == Refused("setup", "login", "SMTP 530")
    assert post.mails == []


def test_a_recipient_whom_the_server_does_not_know(post: Mailbox) -> None:
    assert sent(post.url(to="li@example.org")) == Refused("setup", "address", "SMTP 550")
    assert post.mails == []


def test_one_recipient_of_two_is_a_refusal(post: Mailbox) -> None:
    both = sent(post.url(more="&cc=li@example.org"))
    assert both == Refused("setup", "address", "SMTP 550"), "the one whom nobody knows would never get any"
    assert len(post.mails) == 1


@pytest.mark.parametrize("step", ["greeting", "MAIL", "RCPT", "DATA"])
def test_a_mail_server_that_hangs_is_no_success(post: Mailbox, step: Step) -> None:
    post.says[step] = HANG
    assert sent(post.url(more="&cto=0.5")) == Refused("temporary", "timed_out"), "by apprise's own patience"
    assert sent(post.url(), timeout_s=2) == Refused("temporary", "timed_out"), "by ours"
    assert post.mails == []
    assert not children()


def test_a_mail_server_that_nobody_vouches_for_gets_no_password(
    post: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert sent(post.url()) == Refused("temporary", "certificate")
    assert post.mails == []


def test_a_mail_server_that_is_not_there(post: Mailbox) -> None:
    gone = post.url().replace(f":{post.port}", ":1")
    assert sent(gone) == Refused("temporary", "unreachable")
