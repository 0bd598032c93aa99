"""API v3: JSON over HTTP, described by its OpenAPI document (docs/api.md)."""
