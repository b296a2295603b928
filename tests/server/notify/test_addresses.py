"""Which addresses messages may go to."""

import pytest

from server.notify.targets.addresses import is_public, names_private


@pytest.mark.parametrize(
    ("host", "public", "why"),
    [
        ("1.2.3.4", True, "the Internet"),
        ("2606:4700::1111", True, "the Internet, version 6"),
        ("127.0.0.1", False, "this machine"),
        ("0.0.0.0", False, "this machine too"),  # noqa: S104  (only looked at)
        ("10.1.2.3", False, "a private network"),
        ("192.168.1.1", False, "a private network"),
        ("172.16.0.1", False, "a private network"),
        ("100.64.0.1", False, "a carrier's"),
        ("169.254.169.254", False, "a cloud's metadata"),
        ("224.0.0.1", False, "multicast"),
        ("::1", False, "this machine"),
        ("fe80::1%eth0", False, "this link"),
        ("fd00::1", False, "a private network"),
        ("::ffff:10.0.0.1", False, "a private address in another dress"),
        ("64:ff9b::7f00:1", False, "this machine through a translator"),
        ("2002:7f00:1::", False, "this machine through 6to4"),
        ("example.org", False, "no address"),
    ],
)
def test_which_addresses_are_public(host: str, public: bool, why: str) -> None:
    assert is_public(host) == public, why


@pytest.mark.parametrize(
    ("host", "private", "why"),
    [
        ("127.0.0.1", True, "this machine"),
        ("10.0.0.5", True, "its network"),
        ("::1", True, "this machine, too"),
        ("localhost", True, "this machine by its name"),
        ("8.8.8.8", False, "one of the Internet's"),
        ("mail.example.org", False, "is looked up first"),
        ("a1b2c3", False, "a token in the place of a host"),
    ],
)
def test_which_hosts_say_themselves_that_they_are_private(host: str, private: bool, why: str) -> None:
    assert names_private(host) is private, why
