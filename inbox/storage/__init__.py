"""Where data is kept: the database's set-up, its write lock, the octets of bodies."""
