"""The edi connector: X12 over a mailbox, whoever carries the files."""
