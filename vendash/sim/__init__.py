"""The simulation: what the meters of a fleet would say."""
