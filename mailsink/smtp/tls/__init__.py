"""TLS: the ClientHello, the layer that encrypts, and the reasons of failures."""
