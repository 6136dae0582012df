"""What needs a person: one list of failures whatever they are made of, and how they end."""
