"""The pages: each view parses a request, calls one function, renders a template."""
