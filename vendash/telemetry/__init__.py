"""Readings on their way: ticks, the live ring, and later the journal and InfluxDB."""
