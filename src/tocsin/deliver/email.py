"""The sentence by e-mail, to one address that the operator's list server spreads (`aiosmtplib`).

One address and not a list of readers: who reads is the list server's to know, and a node that is taken has no reader's address.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from tocsin.clock import Clock
from tocsin.deliver.channel import ChannelDown, Turn
from tocsin.deliver.model import URGENT, Message
from tocsin.deliver.pointers import SILENT, Budget, pointer

PATIENCE_S = 20.0
HOUR_S = 3_600


@dataclass
class Email:
    """A channel. `host`, `port`: the operator's mail server; `secure`: "tls", "starttls" or "" for the machine's own."""

    city: str
    host: str
    port: int
    secure: str
    account: str
    secret: str
    sender: str
    to: str
    clock: Clock
    budget: Budget
    name: str = "mail"

    async def send(self, message: Message, turn: Turn) -> None:  # noqa: ARG002  a channel's signature; one mail is all or nothing
        """Raises `ChannelDown`."""
        import aiosmtplib

        if message.kind in SILENT:
            return
        with self.budget.spending(is_urgent=message.kind in URGENT):
            try:
                await aiosmtplib.send(
                    self._mail(),
                    hostname=self.host,
                    port=self.port,
                    username=self.account or None,
                    password=self.secret or None,
                    use_tls=self.secure == "tls",
                    start_tls=self.secure == "starttls",
                    timeout=PATIENCE_S,
                )
            except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                raise ChannelDown from error

    def _mail(self) -> EmailMessage:
        """Always the same but for its number and the hour it is handed over."""
        mail, hour = EmailMessage(), self.clock.now_ms() // 1000 // HOUR_S * HOUR_S
        mail["From"], mail["To"], mail["Subject"] = self.sender, self.to, pointer(self.city)
        mail["Date"] = format_datetime(datetime.fromtimestamp(hour, UTC))
        mail["Message-ID"] = f"<{self.clock.random_bytes(16).hex()}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's out-of-office answers
        mail.set_content(pointer(self.city) + "\n")
        return mail
