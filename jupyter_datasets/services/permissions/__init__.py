"""Who may do what with a dataset."""
