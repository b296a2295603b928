"""A mail server with one account and one mailbox, behind STARTTLS, that may refuse at any step."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import AnyStr, Final, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from anyio.from_thread import start_blocking_portal

from tests.support.certificate import signed_by_itself

Step = Literal["greeting", "MAIL", "RCPT", "DATA"]
HANG: Final = ""
NAME: Final = "mail.example.org"
OWNER: Final = "wang@example.org"
LOGIN, PASSWORD = b"waystation", b"p+ss"


class Mailbox:
    """What the server's mailbox holds, and how its server behaves.

    Attributes:
        says: a reply in the place of the usual one, by the step that it answers; :data:`HANG` for none.
        locked: the reply to a right password, "" for letting in.
        mails: what has arrived, oldest first.
        port: of the server; ``certificate``: the file that says who it is.
    """

    def __init__(self, certificate: Path) -> None:
        self.says: dict[Step, str] = {}
        self.locked = ""
        self.mails: list[EmailMessage] = []
        self.certificate = certificate
        self.port = 0

    def url(self, password: str = "p%2Bss", to: str = OWNER, more: str = "") -> str:  # noqa: S107  (made up)
        """The channel's address."""
        sender = "from=waystation@example.org"
        return f"mailtos://waystation:{password}@127.0.0.1:{self.port}?to={to}&{sender}{more}"

    async def answer(self, step: Step, usual: str) -> str:
        """What is said at a step, if anything."""
        said = self.says.get(step, usual)
        if said == HANG:
            await asyncio.Event().wait()
        return said

    def let_in(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        """Whether name and password are right."""
        right = isinstance(given, LoginPassword) and (given.login, given.password) == (LOGIN, PASSWORD)
        if right and self.locked:
            return AuthResult(success=False, handled=False, message=self.locked)
        return AuthResult(success=right, handled=False)

    async def handle_MAIL(  # noqa: N802  (aiosmtpd's name, as the following)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a sender."""
        envelope.mail_from, envelope.mail_options = address, options
        return await self.answer("MAIL", "250 2.1.0 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take the mailbox's owner as a recipient, and nobody else."""
        if address != OWNER:
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return await self.answer("RCPT", "250 2.1.5 OK")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail, but one that is refused."""
        said = await self.answer("DATA", "250 2.0.0 Queued")
        if said.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return said


class _Server(SMTP):
    """One conversation, which may end with its greeting: aiosmtpd lets nobody change that one."""

    event_handler: Mailbox

    def eof_received(self) -> bool:
        """Hang up on who has left, although there may be an answer that was never given."""
        super().eof_received()
        return False

    async def push(self, status: AnyStr) -> None:
        if isinstance(status, str) and status.startswith(f"220 {NAME} "):
            await super().push(await self.event_handler.answer("greeting", status))
        else:
            await super().push(status)


@contextmanager
def mailbox(folder: Path) -> Iterator[Mailbox]:
    """A mailbox whose server runs on a free loopback port."""
    key, certificate = signed_by_itself(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    owned = Mailbox(certificate)

    def conversation() -> SMTP:
        return _Server(
            owned, hostname=NAME, tls_context=context, require_starttls=True,
            auth_required=True, authenticator=owned.let_in,
        )  # fmt: skip

    async def listen() -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(conversation, "127.0.0.1", 0)

    with start_blocking_portal() as portal:
        server = portal.call(listen)
        owned.port = server.sockets[0].getsockname()[1]
        try:
            yield owned
        finally:
            portal.call(server.close)
