"""Mail that goes out: routes, the queue of releases, and their delivery."""
