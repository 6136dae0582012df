"""Where an order line ships from at the least landed cost: pure functions over the model."""
