"""All business logic, one folder a feature."""
