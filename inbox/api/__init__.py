"""The HTTP APIs for programs, with a package for each version or dialect."""
