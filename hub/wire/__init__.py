"""Plumbing that connectors share: HTTP and SFTP done carefully."""
