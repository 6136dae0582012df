"""Telling people of what needs them, through the same ledger as everything else."""
