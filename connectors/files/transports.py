"""Which transport a url asks for."""

from __future__ import annotations

from pathlib import Path

from connectors.files.folders import FolderTransport
from connectors.files.port import Transport
from connectors.files.settings import FilesSettings
from hub.contract import Context, Translator
from hub.wire.files import RemoteFiles
from hub.wire.ftps import FtpsSession
from hub.wire.local_folder import LocalFolder
from hub.wire.sftp import SftpSession


def transport_for(
    settings: FilesSettings, translator: Translator, context: Context, *, partner: str, page_size: int
) -> Transport:
    """Return the transport of the connection; nothing is sent before its first verb."""
    return FolderTransport(_session(settings), settings, translator, context, partner=partner, page_size=page_size)


def _session(settings: FilesSettings) -> RemoteFiles:
    match settings.place.scheme:
        case "ftps":
            return FtpsSession(settings.ftps_endpoint())
        case "file":
            return LocalFolder(Path(settings.place.path))
        case "sftp":
            return SftpSession(settings.endpoint())
        case other:
            raise TypeError(f"{other}:// has no folders")
