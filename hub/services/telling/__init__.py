"""What a channel and a customer are told of an order while it is under way."""
