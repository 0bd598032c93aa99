"""Raw bytes -> header fields, part tree, bodies and attachments.

Nothing here raises for any octets, recurses, or takes more than linear time; the
limits are named where they apply. All text that comes out is storable: valid
Unicode without controls that a database or a page would choke on.
"""
