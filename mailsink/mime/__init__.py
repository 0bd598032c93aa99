"""Raw bytes -> header fields, part tree, bodies and attachments.

No function here raises for any octets, recurses, or takes more than linear time; each
limit is named at its place. All returned text is storable: valid Unicode without
control characters that a database or a page cannot handle.
"""
