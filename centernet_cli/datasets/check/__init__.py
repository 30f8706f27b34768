"""What is wrong with datasets, and repairing it: see `checking.check`."""
