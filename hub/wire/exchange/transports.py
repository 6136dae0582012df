"""Which transport a url asks for."""

from __future__ import annotations

from pathlib import Path

from hub.contract import Context
from hub.wire.exchange.folders import FolderTransport
from hub.wire.exchange.mail import MailTransport
from hub.wire.exchange.port import DocumentFiles, Transport
from hub.wire.exchange.settings import ExchangeSettings
from hub.wire.exchange.web import WebTransport
from hub.wire.files import RemoteFiles
from hub.wire.ftps import FtpsSession
from hub.wire.local_folder import LocalFolder
from hub.wire.sftp import SftpSession


def transport_for(
    settings: ExchangeSettings, listed: DocumentFiles, context: Context, *, partner: str, page_size: int
) -> Transport:
    """Return the transport of the connection; nothing is sent before its first verb."""
    if settings.place.scheme == "https":
        return WebTransport(settings, listed, context, partner=partner, page_size=page_size)
    if settings.place.scheme == "imaps":
        return MailTransport(settings, listed, context, partner=partner, page_size=page_size)
    return FolderTransport(_session(settings), settings, listed, context, partner=partner, page_size=page_size)


def _session(settings: ExchangeSettings) -> RemoteFiles:
    match settings.place.scheme:
        case "ftps":
            return FtpsSession(settings.ftps_endpoint())
        case "file":
            return LocalFolder(Path(settings.place.path))
        case "sftp":
            return SftpSession(settings.endpoint())
        case other:
            raise TypeError(f"{other}:// has no folders")
