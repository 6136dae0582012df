"""The shop's GraphQL Admin API, as far as hubs use it."""
