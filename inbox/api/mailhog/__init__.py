"""MailHog's dialect at /api/v2, and its routes of /api/v1 that Mailpit does not have."""
