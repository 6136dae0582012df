"""Where a connection leads: the forms that a url may have, one a transport."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

#: What a url looks like with each transport.
FORMS = {
    "sftp": "sftp://user@host:22/folder",
    "ftps": "ftps://user@host:21/folder",
    "https": "https://host/folder",
    "file": "file:///folder",
    "imaps": "imaps://user@host:993/INBOX",
    "smtp": "smtp://user@host:587",
    "smtps": "smtps://user@host:465",
}
#: The ports of old, where a url names none.
PORTS = {"sftp": 22, "ftps": 21, "https": 443, "imaps": 993, "smtp": 587, "smtps": 465}
_WITHOUT_USER = ("https", "file", "smtp", "smtps")


def checked_url(url: str) -> str:
    """Return a url that names a place of files or mail; otherwise say how one looks (ValueError)."""
    return _checked(url, ("sftp", "ftps", "https", "file", "imaps"))


def checked_smtp(url: str) -> str:
    """Return the url of a mail server that takes our mail; otherwise say how one looks (ValueError)."""
    return _checked(url, ("smtps", "smtp"))


def _checked(url: str, schemes: tuple[str, ...]) -> str:
    parts = urlsplit(url)
    forms = [FORMS[each] for each in schemes]
    fits = parts.scheme in schemes and _is_whole(url)
    if not fits:
        wanted = FORMS[parts.scheme] if parts.scheme in schemes else f"{', '.join(forms[:-1])} or {forms[-1]}"
        raise ValueError(f"{url!r} is not of the form {wanted}")
    if parts.password is not None:
        raise ValueError('a password does not belong into the url; set password = "secret:name"')
    if parts.query or parts.fragment:
        raise ValueError(f"such a url has no ? and no #: {url!r}")
    _ = parts.port  # raises when it is not a number
    return url


def _is_whole(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return not parts.netloc and parts.path.startswith("/")
    return bool(parts.hostname) and (bool(parts.username) or parts.scheme in _WITHOUT_USER)


class Place:
    """A checked url in its parts."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.scheme = parts.scheme
        self.host = parts.hostname or ""
        self.port = parts.port or PORTS.get(parts.scheme, 0)
        self.user = unquote(parts.username or "")
        self.path = unquote(parts.path)

    def below(self, name: str) -> str:
        """Return where a folder or file of the mapping file is: below the url's own folder."""
        if self.path:
            return f"{self.path.rstrip('/')}/{name.lstrip('/')}"
        return name.lstrip("/") or "."
