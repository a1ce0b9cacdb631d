"""The catalog: datasets, commits, references and jobs, in a DuckDB file or in PostgreSQL."""
