"""MailHog's dialect at /api/v2, and its routes in /api/v1 that Mailpit does not have."""
