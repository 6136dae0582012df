"""Where the partners live that are not on the SFTP server alone: doors of all kinds, and the servers behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from sandbox.certificate import certificate_in
from sandbox.imap import ImapSite
from sandbox.moods import Moods
from sandbox.partner_files import MERCHANT, partner_address
from sandbox.partner_web import PartnerWeb
from sandbox.plan import Firm
from sandbox.post import Mailbox
from sandbox.robots.doors import Door, FolderDoor, MailDoor
from sandbox.smtp import SmtpSite
from sandbox.web import WebServer

#: Called with the account and the path of a file that now stands there whole.
Arrived = Callable[[str, str], None]


class PartnerHouses:
    """The doors of all firms; a server runs only when some firm needs it."""

    def __init__(
        self, folder: Path, firms: Iterable[Firm], passwords: Mapping[str, str], moods: Moods, arrived: Arrived
    ) -> None:
        by_door: dict[str, list[Firm]] = {}
        for firm in firms:
            by_door.setdefault(firm.door, []).append(firm)
        self._folder, self._arrived = folder, arrived
        self._boxes = {firm.code: Mailbox(passwords[firm.code]) for firm in by_door.get("mail", ())}
        self._mail_doors: dict[str, MailDoor] = {}
        self._servers: dict[str, WebServer | ImapSite | SmtpSite] = {}
        self.certificate = ""
        if by_door.keys() & {"web", "mail"}:
            self._context, self.certificate = certificate_in(folder)
        if "web" in by_door:
            homes = {firm.code: self._home(firm) for firm in by_door["web"]}
            site = PartnerWeb(homes, passwords, moods, arrived)
            self._servers["web"] = WebServer(site.handle, self._context)
        if "mail" in by_door:
            self._servers["imap"] = ImapSite(self._boxes, moods)
            self._servers["smtp"] = SmtpSite(self._boxes, moods, self._posted)

    def servers(self) -> tuple[str, ...]:
        """Return which servers there are: of `web`, `imap` and `smtp`."""
        return tuple(self._servers)

    def door(self, firm: Firm) -> Door:
        """Return the door of a firm."""
        if firm.door != "mail":
            return FolderDoor(self._home(firm))
        door = MailDoor(self._home(firm), self._boxes[firm.code], partner_address(firm), MERCHANT)
        self._mail_doors[firm.code] = door
        return door

    async def start(self, name: str, port: int) -> int:
        """Let a server listen and return its port."""
        server = self._servers[name]
        return await (server.start(port) if isinstance(server, WebServer) else server.start(self._context, port))

    async def close(self, name: str) -> None:
        """Let a server refuse connections, and cut those that stand."""
        await self._servers[name].close()

    def _home(self, firm: Firm) -> Path:
        return self._folder / ("sftp" if firm.door == "sftp" else "exchange") / firm.code

    def _posted(self, account: str, _to: list[str], mail: bytes) -> None:
        for name in self._mail_doors[account].come_in(mail):
            self._arrived(account, f"/in/{name}")
