"""Reads, searches, marks and deletes stored mail, within the scope that it is given."""
