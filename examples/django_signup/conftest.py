pytest_plugins = ["mailsink.testing.pytest_plugin"]
