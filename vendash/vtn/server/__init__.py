"""The embedded VTN: OpenADR 3.1.0 and 3.0.1 over HTTP, in memory or durable in SQLite."""
