"""The tools for coding agents, driven by the official client."""
