"""What a partner file may set under `[connection]` for `connector = "files"`: how the files are exchanged, no more."""

from __future__ import annotations

from hub.wire.exchange.settings import ExchangeSettings


class FilesSettings(ExchangeSettings):
    """The settings of one account; a setting that means nothing to its transport is refused."""
