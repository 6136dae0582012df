"""The statements of stock feeds, written by hand for each database since speed is the point of them.

On PostgreSQL rows are locked in the order of `stock.lock`, so that nobody waits in a circle, and what is no news is
left out before the INSERT, which would lock and so rewrite the row.
"""

SQLITE_LEVELS = """
    INSERT INTO stock (
        node, sku, on_hand, safety, status, as_of, nets, generation, mapping_hash, updated_at
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (node, sku) DO UPDATE SET
        on_hand = excluded.on_hand, safety = excluded.safety, status = excluded.status, as_of = excluded.as_of,
        nets = excluded.nets, generation = excluded.generation, mapping_hash = excluded.mapping_hash,
        updated_at = excluded.updated_at
    WHERE excluded.as_of >= stock.as_of AND (
        excluded.on_hand <> stock.on_hand OR excluded.safety <> stock.safety
        OR excluded.status <> stock.status OR excluded.nets <> stock.nets
    )
"""

SQLITE_TIMES = "UPDATE stock SET as_of = ? WHERE node = ? AND sku = ? AND as_of < ?"

SQLITE_ZERO = """
    UPDATE stock SET on_hand = '0', as_of = ?, generation = ?, updated_at = ?
    WHERE node = ? AND sku = ? AND as_of <= ?
"""

POSTGRESQL_LEVELS = """
    INSERT INTO stock (
        node, sku, on_hand, safety, status, as_of, nets, generation, mapping_hash, updated_at
    )
    SELECT new.* FROM (
        SELECT node, sku, on_hand::numeric, safety::numeric, status, as_of::timestamptz,
               %s::text AS nets, %s::integer AS generation, %s::text AS mapping_hash, %s::timestamptz AS updated_at
        FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
             AS given (node, sku, on_hand, safety, status, as_of)
    ) AS new LEFT JOIN stock USING (node, sku)
    WHERE stock.sku IS NULL OR (
        new.as_of >= stock.as_of AND (
            new.on_hand <> stock.on_hand OR new.safety <> stock.safety
            OR new.status <> stock.status OR new.nets <> stock.nets
        )
    )
    ORDER BY new.node COLLATE "C", new.sku COLLATE "C"
    ON CONFLICT (node, sku) DO UPDATE SET
        on_hand = excluded.on_hand, safety = excluded.safety, status = excluded.status, as_of = excluded.as_of,
        nets = excluded.nets, generation = excluded.generation, mapping_hash = excluded.mapping_hash,
        updated_at = excluded.updated_at
    WHERE excluded.as_of >= stock.as_of
"""

POSTGRESQL_TIMES = """
    UPDATE stock SET as_of = chosen.as_of FROM (
        SELECT stock.node, stock.sku, given.as_of::timestamptz AS as_of
        FROM unnest(%s::text[], %s::text[], %s::text[]) AS given (node, sku, as_of) JOIN stock USING (node, sku)
        WHERE stock.as_of < given.as_of::timestamptz
        ORDER BY stock.node COLLATE "C", stock.sku COLLATE "C" FOR UPDATE OF stock
    ) AS chosen
    WHERE stock.node = chosen.node AND stock.sku = chosen.sku AND stock.as_of < chosen.as_of
"""

POSTGRESQL_ZERO = """
    UPDATE stock SET on_hand = 0, as_of = chosen.as_of, generation = %s, updated_at = %s::timestamptz FROM (
        SELECT stock.node, stock.sku, given.as_of::timestamptz AS as_of
        FROM unnest(%s::text[], %s::text[], %s::text[]) AS given (node, sku, as_of) JOIN stock USING (node, sku)
        ORDER BY stock.node COLLATE "C", stock.sku COLLATE "C" FOR UPDATE OF stock
    ) AS chosen
    WHERE stock.node = chosen.node AND stock.sku = chosen.sku AND stock.as_of <= chosen.as_of
"""
