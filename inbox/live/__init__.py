"""The live feed: pushes changes to browsers and to waiting requests (docs/live.md)."""
