"""IDocs: bytes to documents of segments and fields, as XML or flat, and back; knows no partner."""
