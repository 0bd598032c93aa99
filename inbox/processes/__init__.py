"""The parts of a server that `serve` puts together: settings, processes, and their work."""
