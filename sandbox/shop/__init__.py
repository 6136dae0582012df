"""A Shopify shop as its REST Admin API shows it."""
