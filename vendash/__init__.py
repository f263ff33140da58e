"""vendash: the operator's console for an OpenADR 3 fleet, and the engine behind it."""

__version__ = "0.1.0"
