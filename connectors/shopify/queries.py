"""Every GraphQL document that the connector sends."""

from __future__ import annotations

#: Sets up to 250 quantities at once, all or none. Without `changeFromQuantity` what checkouts took would be lost; the
#: key has been required since 2026-04.
SET_QUANTITIES = """
mutation setQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { code field message }
  }
}
"""

#: What one location shows of up to 250 items; an item that is not stocked there has no level.
LEVELS = """
query levels($ids: [ID!]!, $location: ID!) {
  nodes(ids: $ids) {
    ... on InventoryItem {
      id
      inventoryLevel(locationId: $location) { quantities(names: ["available"]) { name quantity } }
    }
  }
}
"""

#: Stocks an item at a location, with its first figure.
ACTIVATE = """
mutation activate($item: ID!, $location: ID!, $available: Int, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location, available: $available) @idempotent(key: $key) {
    inventoryLevel { id }
    userErrors { field message }
  }
}
"""

#: What the schema test checks.
EVERY = (SET_QUANTITIES, LEVELS, ACTIVATE)
