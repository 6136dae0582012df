"""SAP: IDocs as files."""
