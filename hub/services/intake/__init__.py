"""Taking in what partners send: originals kept first, then mapped and applied, one record at a time."""
