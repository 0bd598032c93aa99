"""The query language: parses a query, compiles it to SQL."""
