"""Reads, searches, marks and deletes stored mail, within a given scope."""
