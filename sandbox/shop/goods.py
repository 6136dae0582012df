"""Products, inventory items, locations and stock levels, as the REST Admin API writes them."""

from __future__ import annotations

from sandbox.shop.documents import Document, Writer
from sandbox.shop.state import Level, Location, Variant


def product(variant: Variant, made: str | None, available: int) -> Document:
    """Return a product; ours have one variant each."""
    item = variant.item
    return {
        "id": variant.product_id,
        "title": item.name,
        "body_html": "",
        "vendor": "Crossdock Sandbox",
        "product_type": "",
        "created_at": made,
        "handle": item.sku.lower(),
        "updated_at": made,
        "published_at": made,
        "template_suffix": None,
        "published_scope": "web",
        "tags": "",
        "status": "active",
        "admin_graphql_api_id": f"gid://shopify/Product/{variant.product_id}",
        "variants": [variant_document(variant, made, available)],
        "options": [],
        "images": [],
        "image": None,
    }


def variant_document(variant: Variant, made: str | None, available: int) -> Document:
    """Return a variant."""
    item = variant.item
    return {
        "id": variant.id,
        "product_id": variant.product_id,
        "title": "Default Title",
        "price": f"{item.price:.2f}",
        "position": 1,
        "inventory_policy": "continue",
        "compare_at_price": None,
        "option1": "Default Title",
        "option2": None,
        "option3": None,
        "created_at": made,
        "updated_at": made,
        "taxable": True,
        "barcode": None,
        "fulfillment_service": "manual",
        "grams": item.weight_g,
        "inventory_management": "shopify",
        "requires_shipping": item.ships,
        "sku": item.sku,
        "weight": item.weight_g / 1000,
        "weight_unit": "kg",
        "inventory_item_id": variant.inventory_item_id,
        "inventory_quantity": available,
        "old_inventory_quantity": available,
        "admin_graphql_api_id": f"gid://shopify/ProductVariant/{variant.id}",
        "image_id": None,
    }


def inventory_item(variant: Variant, made: str | None) -> Document:
    """Return an inventory item."""
    return {
        "id": variant.inventory_item_id,
        "sku": variant.item.sku,
        "created_at": made,
        "updated_at": made,
        "requires_shipping": variant.item.ships,
        "cost": None,
        "country_code_of_origin": None,
        "province_code_of_origin": None,
        "harmonized_system_code": None,
        "tracked": variant.item.ships,
        "country_harmonized_system_codes": [],
        "admin_graphql_api_id": f"gid://shopify/InventoryItem/{variant.inventory_item_id}",
    }


def location_document(location: Location, made: str | None) -> Document:
    """Return a location."""
    place = location.place
    return {
        "id": location.id,
        "name": location.name,
        "address1": location.street,
        "address2": None,
        "city": place.city,
        "zip": place.postal_code,
        "province": place.region_name,
        "country": place.country,
        "phone": None,
        "created_at": made,
        "updated_at": made,
        "country_code": place.country,
        "country_name": place.country_name,
        "province_code": place.region,
        "legacy": False,
        "active": True,
        "admin_graphql_api_id": f"gid://shopify/Location/{location.id}",
        "localized_country_name": place.country_name,
        "localized_province_name": place.region_name,
    }


def level_document(writer: Writer, variant: Variant, location: Location, level: Level) -> Document:
    """Return a stock level."""
    return {
        "inventory_item_id": variant.inventory_item_id,
        "location_id": location.id,
        "available": level.available,
        "updated_at": writer.when(level.updated),
        "admin_graphql_api_id": (
            f"gid://shopify/InventoryLevel/{location.id}?inventory_item_id={variant.inventory_item_id}"
        ),
    }


def shop_document(writer: Writer, timezone: str, primary_location: int) -> Document:
    """Return the shop's own card."""
    return {
        "id": writer.shop_id,
        "name": "Sandbox shop",
        "email": "shop@example.com",
        "domain": "sandbox.example.com",
        "myshopify_domain": "sandbox.myshopify.example",
        "currency": writer.currency,
        "iana_timezone": timezone,
        "weight_unit": "kg",
        "plan_display_name": "Shopify Plus",
        "plan_name": "enterprise",
        "primary_location_id": primary_location,
        "multi_location_enabled": True,
        "enabled_presentment_currencies": [writer.currency],
        "setup_required": False,
    }
