"""Writes reports: on a delivery (RFC 3464, RFC 6533), a complaint (RFC 5965), an automatic reply (RFC 3834).

Pure: takes values, returns octets. Foreign text cannot add a field: controls become
spaces.
"""
