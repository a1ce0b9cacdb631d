"""The engine: files in, files out, and SQL. It knows nothing of stores and catalogs."""
