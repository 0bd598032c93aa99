"""The web server's outer layer: who may ask, what the browser is told, static files."""
