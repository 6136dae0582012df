"""Where and who: addresses, coordinates, parties."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.model.base import Code, Country, Record, Text


class Coordinates(Record):
    """A point on the globe in degrees (WGS 84). A place without one is unknown, never distance zero."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class Address(Record):
    """A postal address as carriers use it; every line may be missing except the country."""

    name: Text = ""
    company: Text = ""
    street: Text = ""
    street2: Text = ""
    city: Text = ""
    region: Text = ""
    postal_code: Annotated[Text, Field(max_length=20)] = ""
    country: Country
    phone: Annotated[Text, Field(max_length=60)] = ""
    email: Annotated[Text, Field(max_length=320)] = ""
    coordinates: Coordinates | None = None


class Party(Record):
    """A person or company on a document: the customer, the supplier, who is billed."""

    code: Code | None = None
    name: Text = ""
    address: Address | None = None
