"""The web server's outer layer: who may ask, security headers, static files."""
