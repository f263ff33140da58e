"""vendash against a VTN that is not ours: openleadr-vtn 0.2.8 (`make interop`; minutes)."""
