"""The parts of a server, which `serve` puts together: settings, processes, and their work."""
