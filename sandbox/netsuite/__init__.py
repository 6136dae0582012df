"""A NetSuite account on loopback: SOAP written with lxml from the schema, answering from state, with moods."""
