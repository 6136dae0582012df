"""What a partner file may set under `[connection]` about how files are exchanged, whatever connector reads them.

The url says which transport moves the files; a setting that means nothing to it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from hub.wire.exchange.places import Place, checked_smtp, checked_url
from hub.wire.ftps_line import FtpsEndpoint
from hub.wire.sftp import SftpEndpoint, SftpTimeouts
from hub.wire.sftp_host_key import checked_host_key
from hub.wire.tls import Trust, checked_certificate


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


class Upload(StrEnum):
    """How a document goes to a web server."""

    PUT = "put"  # to an address of its own, as a file
    POST = "post"  # to one address that takes them all


def _several(value: Any) -> Any:  # noqa: ANN401 - whatever a file holds, pydantic says the rest
    return (value,) if isinstance(value, str) else value


def _smtp(value: str | None) -> str | None:
    return None if value is None else checked_smtp(value)


HostKey = Annotated[str, AfterValidator(checked_host_key)]
Certificate = Annotated[str, AfterValidator(checked_certificate)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^@\s,;<>]+@[^@\s,;<>]+$", max_length=254)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,60}$")]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Ending = Annotated[str, StringConstraints(pattern=r"^\.[^/\s]{1,31}$")]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
Folder = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Timeouts(BaseModel):
    """Seconds that each wait may take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connect: Seconds = 10
    banner: Seconds = 15
    auth: Seconds = 15
    reply: Annotated[Seconds, Field(description="silence in the middle of a request")] = 30
    keepalive: Annotated[int, Field(ge=0, le=3600, description="seconds between keepalives, 0 for none")] = 30


#: The header that credentials travel in by the standard.
AUTHORIZATION = "Authorization"


class ExchangeSettings(BaseModel):
    """One account at a partner, and the manners that were agreed on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[
        str,
        AfterValidator(checked_url),
        Field(description="where the files are: sftp://, ftps://, https://, file:// or imaps://"),
    ]
    password: SecretStr | None = None
    ssh_key: Annotated[SecretStr | None, Field(description="a private key: ed25519, ECDSA or RSA")] = None
    ssh_key_password: SecretStr | None = None
    host_key: Annotated[
        tuple[HostKey, ...],
        BeforeValidator(_several),
        Field(description="SHA256:... or a public key line; a list while the partner changes keys"),
    ] = ()
    certificate: Annotated[
        tuple[Certificate, ...],
        BeforeValidator(_several),
        Field(description="SHA256:... or the certificate itself, where no public authority vouches for the server"),
    ] = ()
    implicit_tls: Annotated[bool, Field(description="FTPS with TLS from the first byte, mostly on port 990")] = False
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
    locations: Annotated[
        Mapping[Word, Word],
        Field(description="of a customer that is told our stock: its code of a place = our node code, or `suppliers`"),
    ] = {}
    rename: Annotated[Rename, Field(description="how an upload gets its name: posix, or plain")] = Rename.POSIX
    visible: Annotated[
        tuple[Folder, ...], Field(description="folders where a file that the partner took may still be seen")
    ] = ()
    max_file_bytes: Annotated[int, Field(ge=1, description="a larger file is set aside and reported")] = 64 * 2**20
    crowded: Annotated[int, Field(ge=1, description="warn when a folder lists more entries than this")] = 10_000
    timeouts: Timeouts = Timeouts()

    token: Annotated[SecretStr | None, Field(description="sent with every web request")] = None
    token_header: Annotated[HeaderName, Field(description="the header that the token goes into, plain")] = AUTHORIZATION
    upload: Annotated[Upload, Field(description="how a document goes to a web server: put, or post")] = Upload.PUT
    idempotency_header: Annotated[HeaderName, Field(description="the header that names the delivery")] = (
        "Idempotency-Key"
    )
    repeatable: Annotated[
        bool, Field(description="the partner promises to take a document once, however often it comes under its key")
    ] = False

    smtp: Annotated[
        str | None, AfterValidator(_smtp), Field(description="where our mail goes out: smtps:// or smtp:// (STARTTLS)")
    ] = None
    smtp_password: SecretStr | None = None
    sender: Annotated[Address | None, Field(description="the address that our mail comes from")] = None
    to: Annotated[
        tuple[Address, ...], BeforeValidator(_several), Field(description="the partner's addresses for our documents")
    ] = ()
    senders: Annotated[
        tuple[Folder, ...],
        BeforeValidator(_several),
        Field(description="whose mail is read: addresses, or patterns such as *@acme.example"),
    ] = ()
    subject: Annotated[str, StringConstraints(pattern=r"^[^\r\n]{1,200}$")] = "{name}"
    sent_folder: Annotated[
        Folder | None, Field(description="where the mail provider itself puts all that it accepted from us")
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _usual_after(cls, data: Any) -> Any:  # noqa: ANN401 - whatever a file holds
        """On a web server nothing is moved; what was taken is remembered."""
        if isinstance(data, Mapping) and str(data.get("url", "")).startswith("https:") and "after" not in data:
            return {**data, "after": After.LEAVE}
        return data

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        scheme = self.place.scheme
        unfit = sorted(name for name in self.model_fields_set if scheme not in _FOR.get(name, _EVERY))
        if unfit:
            raise ValueError(f"{', '.join(unfit)}: of no use with {scheme}://")
        if scheme == "https":
            self._fit_web()
        if scheme == "imaps":
            self._fit_mail()
        return self

    def _fit_web(self) -> None:
        if self.after is After.ARCHIVE:
            raise ValueError('a web server has no archive folder: after is "leave" or "delete"')
        if bool(self.place.user) != (self.password is not None):
            raise ValueError("a user in an https url and password go together")
        if self.token is not None and self.password is not None and self.token_header == AUTHORIZATION:
            raise ValueError("give either a user with a password or a token; both go into the Authorization header")

    def _fit_mail(self) -> None:
        if not self.senders:
            raise ValueError("senders is needed: whose mail may be read (addresses, or *@acme.example)")
        if self.smtp is not None and not (self.sender and self.to):
            raise ValueError("smtp needs sender (our address) and to (the partner's)")
        if self.after is After.DELETE and self.archive_folder != "done":
            raise ValueError('archive_folder is of no use with after = "delete"')

    @property
    def place(self) -> Place:
        """The url in its parts."""
        return Place(self.url)

    @property
    def trust(self) -> Trust:
        """Whose certificate is believed."""
        return Trust(self.certificate)

    def endpoint(self) -> SftpEndpoint:
        """Return the SFTP account as the wire knows it."""
        place = self.place
        return SftpEndpoint(
            host=place.host,
            port=place.port,
            user=place.user,
            password=self.password,
            ssh_key=self.ssh_key,
            ssh_key_password=self.ssh_key_password,
            host_keys=self.host_key,
            timeouts=SftpTimeouts(**self.timeouts.model_dump()),
        )

    def ftps_endpoint(self) -> FtpsEndpoint:
        """Return the FTPS account as the wire knows it."""
        place = self.place
        return FtpsEndpoint(
            host=place.host,
            port=place.port,
            user=place.user,
            password=self.password,
            implicit=self.implicit_tls,
            trust=self.trust,
            connect_seconds=self.timeouts.connect,
            reply_seconds=self.timeouts.reply,
        )

    def path(self, name: str) -> str:
        """Return where a folder or file of the mapping file is on the server: below the url's own folder."""
        return self.place.below(name)

    def secrets(self) -> dict[str, str]:
        """Return every secret by its name, for taking it out of texts."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value.get_secret_value() for name, value in values.items() if isinstance(value, SecretStr)}


_EVERY = frozenset({"sftp", "ftps", "https", "file", "imaps"})
_FOLDERS = frozenset({"sftp", "ftps", "file"})
_SFTP, _WEB, _MAIL = frozenset({"sftp"}), frozenset({"https"}), frozenset({"imaps"})
#: Which transports a setting is for, where that is not all of them.
_FOR: Mapping[str, frozenset[str]] = {
    "password": _EVERY - {"file"},
    **dict.fromkeys(("ssh_key", "ssh_key_password", "host_key", "rename"), _SFTP),
    "certificate": frozenset({"ftps", "https", "imaps"}),
    "implicit_tls": frozenset({"ftps"}),
    **dict.fromkeys(("ready", "stable_seconds", "markers", "instance", "crowded"), _FOLDERS),
    "archive_folder": _FOLDERS | _MAIL,
    "visible": _FOLDERS | _WEB,
    **dict.fromkeys(("token", "token_header", "upload", "idempotency_header", "repeatable"), _WEB),
    **dict.fromkeys(("smtp", "smtp_password", "sender", "to", "senders", "subject", "sent_folder"), _MAIL),
}
