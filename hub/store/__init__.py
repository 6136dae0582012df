"""The durable truth: tables, transactions and one module of plain functions for each area of it."""
