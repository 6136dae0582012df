"""What a partner file may set under `[connection]` for `connector = "files"`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints

from hub.wire.sftp import SftpEndpoint, SftpTimeouts
from hub.wire.sftp_host_key import checked_host_key


class Ready(StrEnum):
    """When a file of the partner may be taken."""

    RENAME = "rename"  # the partner uploads under another name and renames: whatever matches is whole
    STABLE = "stable"  # size and time have not changed over `stable_seconds`
    MARKER = "marker"  # a file beside it (inventory.csv.done, inventory.ok) says that it is whole


class After(StrEnum):
    """What happens to a file that was taken and is safe in the hub."""

    ARCHIVE = "archive"
    DELETE = "delete"
    LEAVE = "leave"  # an account that may only read: nothing is renamed or deleted, what was taken is remembered


class Rename(StrEnum):
    """How an uploaded file gets its final name."""

    POSIX = "posix"  # posix-rename@openssh.com: atomic, and seen as a move by folder watchers
    PLAIN = "plain"  # the protocol's own rename, for servers without that extension


def _sftp_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "sftp" or not parts.hostname or not parts.username:
        raise ValueError(f"{url!r} is not of the form sftp://user@host:22/folder")
    if parts.password is not None:
        raise ValueError('a password does not belong into the url; set password = "secret:name"')
    if parts.query or parts.fragment:
        raise ValueError("an sftp url has no ? and no #")
    _ = parts.port  # raises when it is not a number
    return url


def _several(value: Any) -> Any:  # noqa: ANN401 - whatever a file holds, pydantic says the rest
    return (value,) if isinstance(value, str) else value


HostKey = Annotated[str, AfterValidator(checked_host_key)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Ending = Annotated[str, StringConstraints(pattern=r"^\.[^/\s]{1,31}$")]
Folder = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Timeouts(BaseModel):
    """Seconds that each wait may take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connect: Seconds = 10
    banner: Seconds = 15
    auth: Seconds = 15
    reply: Annotated[Seconds, Field(description="silence in the middle of a request")] = 30
    keepalive: Annotated[int, Field(ge=0, le=3600, description="seconds between keepalives, 0 for none")] = 30


class FilesSettings(BaseModel):
    """One account on one SFTP server, and the manners that were agreed on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_sftp_url), Field(description="sftp://user@host:22/folder")]
    password: SecretStr | None = None
    ssh_key: Annotated[SecretStr | None, Field(description="a private key: ed25519, ECDSA or RSA")] = None
    ssh_key_password: SecretStr | None = None
    host_key: Annotated[
        tuple[HostKey, ...],
        BeforeValidator(_several),
        Field(description="SHA256:... or a public key line; a list while the partner changes keys"),
    ] = ()
    ready: Annotated[Ready, Field(description="when a file of theirs may be taken: rename, stable, or marker")] = (
        Ready.STABLE
    )
    stable_seconds: Annotated[Seconds, Field(description="how long size and time must not change")] = 2
    markers: Annotated[
        tuple[Ending, ...], BeforeValidator(_several), Field(description="endings of marker files, for ready = marker")
    ] = (".done", ".ok", ".rdy")
    after: Annotated[After, Field(description="what happens to a file that was taken: archive, delete, or leave")] = (
        After.ARCHIVE
    )
    archive_folder: Annotated[Folder, Field(description="beside the taken file, or absolute below the url")] = "done"
    instance: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9_]{1,32}$"),
        Field(description="names our claims: two hubs on one account need two names"),
    ] = "crossdock"
    rename: Annotated[Rename, Field(description="how an upload gets its name: posix, or plain")] = Rename.POSIX
    visible: Annotated[
        tuple[Folder, ...], Field(description="folders where a file that the partner took may still be seen")
    ] = ()
    max_file_bytes: Annotated[int, Field(ge=1, description="a larger file is set aside and reported")] = 64 * 2**20
    crowded: Annotated[int, Field(ge=1, description="warn when a folder lists more entries than this")] = 10_000
    timeouts: Timeouts = Timeouts()

    def endpoint(self) -> SftpEndpoint:
        """Return the account as the wire knows it."""
        parts = urlsplit(self.url)
        return SftpEndpoint(
            host=parts.hostname or "",
            port=parts.port or 22,
            user=unquote(parts.username or ""),
            password=self.password,
            ssh_key=self.ssh_key,
            ssh_key_password=self.ssh_key_password,
            host_keys=self.host_key,
            timeouts=SftpTimeouts(**self.timeouts.model_dump()),
        )

    def path(self, name: str) -> str:
        """Return where a folder or file of the mapping file is on the server: below the url's own folder."""
        base = unquote(urlsplit(self.url).path).rstrip("/")
        if base or urlsplit(self.url).path:
            return f"{base}/{name.lstrip('/')}"
        return name.lstrip("/") or "."

    def secrets(self) -> dict[str, str]:
        """Return every secret by its name, for taking it out of texts."""
        named = {"password": self.password, "ssh_key": self.ssh_key, "ssh_key_password": self.ssh_key_password}
        return {name: value.get_secret_value() for name, value in named.items() if value is not None}
