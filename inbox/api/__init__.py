"""The HTTP APIs for programs, each version a package of its own."""
