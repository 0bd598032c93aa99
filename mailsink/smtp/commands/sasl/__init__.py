"""AUTH (RFC 4954) and the mechanisms of SASL (RFC 4422) behind it."""
