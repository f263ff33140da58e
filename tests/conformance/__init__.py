"""The embedded VTN against tools and clients that are not ours (`make conformance`; minutes)."""
