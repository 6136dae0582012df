"""NetSuite over SuiteTalk SOAP, behind a gateway that knows no transport: SOAP ends with 2028.2."""
