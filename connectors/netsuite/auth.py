"""Token-based authentication: the passport that goes along with each attempt, signed anew every time.

Source: Oracle's help on token-based authentication; the base string and the key were checked against three clients.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

_ACCOUNT = re.compile(r"^[A-Z0-9]{1,40}(_[A-Z0-9]{1,10})?$")
ALGORITHM = "HMAC-SHA256"


def account_id(text: str) -> str:
    """Return an account id as the passport wants it, `1234567_SB1`, however it was written; raises ValueError."""
    form = text.strip().upper().replace("-", "_")
    if not _ACCOUNT.match(form):
        raise ValueError(f"{text!r} is not an account id such as 1234567 or 1234567_SB1")
    return form


def host_form(account: str) -> str:
    """Return an account id as it stands in host names: `1234567-sb1`."""
    return account.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Passport:
    """What one attempt carries; never sent twice."""

    account: str
    consumer_key: str
    token: str
    nonce: str
    timestamp: int
    signature: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """The four secrets of one token at one account."""

    account: str
    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    token: str = field(repr=False)
    token_secret: str = field(repr=False)

    def passport(self, now: datetime, ahead: timedelta = timedelta(0)) -> Passport:
        """Return a fresh passport; `ahead` is how far NetSuite's clock is ahead of ours."""
        nonce, timestamp = secrets.token_hex(16), int((now + ahead).timestamp())
        return Passport(self.account, self.consumer_key, self.token, nonce, timestamp, self.signature(nonce, timestamp))

    def signature(self, nonce: str, timestamp: int) -> str:
        """Return the signature of one attempt, in base64."""
        base = "&".join((self.account, self.consumer_key, self.token, nonce, str(timestamp)))
        key = f"{self.consumer_secret}&{self.token_secret}"
        return b64encode(hmac.new(key.encode(), base.encode(), sha256).digest()).decode()
