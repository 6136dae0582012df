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

#: Every fulfilment order that waits: held, or scheduled for later. A release makes one vanish from here.
WAITING = """
query waiting($after: String) {
  fulfillmentOrders(first: 50, after: $after, query: "status:ON_HOLD OR status:SCHEDULED") {
    nodes { id orderId status requestStatus updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}
"""

#: What an order's fulfilment orders are held for, and by whom.
HOLDS = """
query holds($order: ID!) {
  order(id: $order) {
    fulfillmentOrders(first: 50) {
      nodes {
        id
        status
        supportedActions { action }
        fulfillmentHolds { id handle heldByRequestingApp }
      }
    }
  }
}
"""

#: Holds a fulfilment order; the handle is ours, so that the same hold twice is refused.
HOLD = """
mutation hold($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { userErrors { message } }
}
"""

#: Ends our own holds of a fulfilment order, and nobody else's.
RELEASE = """
mutation release($id: ID!, $holds: [ID!]!) {
  fulfillmentOrderReleaseHold(id: $id, holdIds: $holds) { userErrors { message } }
}
"""

#: How likely a fraud some orders are; `risk` is there since 2024-04.
RISKS = """
query risks($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Order { id risk { recommendation assessments { riskLevel } } } }
}
"""

#: Lets the shop tell the customer that goods can be collected.
READY = """
mutation ready($parts: [PreparedFulfillmentOrderLineItemsInput!]!) {
  fulfillmentOrderLineItemsPreparedForPickup(input: {lineItemsByFulfillmentOrder: $parts}) {
    userErrors { code message }
  }
}
"""

#: Writes values of ours beside an order.
METAFIELDS = """
mutation tell($fields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $fields) { userErrors { message } }
}
"""

#: Starts reading every variant, however many a product has.
RUN_BULK = """
mutation runBulk($query: String!) {
  bulkOperationRunQuery(query: $query) {
    bulkOperation { id }
    userErrors { code message }
  }
}
"""

#: How far a bulk query has come.
BULK = """
query bulk($id: ID!) {
  node(id: $id) { ... on BulkOperation { id status errorCode url } }
}
"""

#: The newest bulk queries: one whose start was lost on the line is known again by its text and time.
BULKS = """
query bulks {
  bulkOperations(first: 10, reverse: true) { nodes { id status createdAt query } }
}
"""

#: What a bulk query reads; `filter` is empty, or `(query: "updated_at:>=...")`.
VARIANTS = "{{ productVariants{filter} {{ edges {{ node {{ id sku inventoryItem {{ id }} }} }} }} }}"

#: What the schema test checks.
EVERY = (
    SET_QUANTITIES,
    LEVELS,
    ACTIVATE,
    WAITING,
    HOLDS,
    HOLD,
    RELEASE,
    RISKS,
    READY,
    METAFIELDS,
    RUN_BULK,
    BULK,
    BULKS,
    VARIANTS.format(filter=""),
    VARIANTS.format(filter="(query: \"updated_at:>='2026-01-01T00:00:00Z'\")"),
)
