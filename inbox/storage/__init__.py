"""Where data is stored: the database's set-up, its write lock, the octets of bodies."""
