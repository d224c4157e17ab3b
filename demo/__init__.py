"""The whole suite on one machine without Docker: `make demo` and `make live`."""
