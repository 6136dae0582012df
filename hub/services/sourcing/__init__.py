"""Where an order's goods come from: gates, supply, decisions, batches, and decisions replayed."""
