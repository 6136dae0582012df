"""Shopify: orders in; fulfilments and stock out."""
