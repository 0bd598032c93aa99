"""The web server's outer layer: access rules, security headers, static files."""
