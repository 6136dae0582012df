"""The sandbox's mail servers in a thread of their own, for the tests of the transport by mail."""

from __future__ import annotations

import asyncio
import ssl
import threading
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sandbox.imap import ImapSite
from sandbox.moods import Mood, Moods
from sandbox.post import Mailbox
from sandbox.smtp import SmtpSite
from tests.files.certificates import Made

PASSWORD = "canary-Xq7-not-ä-word"
ACCOUNT = "orders@merchant.example"
PARTNER = "edi@acme.example"


def a_mail(
    files: dict[str, bytes | str], *, sender: str = f"Acme EDI <{PARTNER}>", number: int = 1, subject: str = "files"
) -> bytes:
    """A mail with attachments, as a partner's program writes one."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ACCOUNT
    mail["Subject"] = subject
    mail["Date"] = "Fri, 20 Nov 2026 06:00:00 +0000"
    mail["Message-ID"] = f"<{number}@acme.example>"
    mail.set_content("Attached.\n")
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes().replace(b"\n", b"\r\n")


class MailServers:
    """IMAP and SMTP over TLS with one mailbox; `sent` gathers what the partner was sent."""

    def __init__(self, folder: Path, made: Made) -> None:
        self.moods = Moods()
        self.sent: list[tuple[list[str], bytes]] = []
        self.box = Mailbox(PASSWORD)
        boxes = {ACCOUNT: self.box}
        self._imap = ImapSite(boxes, self.moods)
        self._smtp = SmtpSite(boxes, self.moods, lambda _account, to, mail: self.sent.append((to, mail)))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(made.write(folder))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail", daemon=True)
        self._thread.start()
        self.imap_port = self._run(self._imap.start(self._context))
        self.smtp_port = self._run(self._smtp.start(self._context))

    def stop(self) -> None:
        self._run(self._imap.close())
        self._run(self._smtp.close())

    def close(self) -> None:
        self.stop()
        self._run(self._rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def place(self, files: dict[str, bytes | str], **more: Any) -> None:
        self.box.deliver(a_mail(files, **more))

    def in_folder(self, name: str = "INBOX") -> int:
        return len(self.box.folders[name].letters) if name in self.box.folders else 0

    def mood(self, mood: Mood, *, on: str | None = None, times: int | None = None) -> None:
        self.moods.cast(ACCOUNT, mood, on=on, for_calls=times)

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _rest(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
