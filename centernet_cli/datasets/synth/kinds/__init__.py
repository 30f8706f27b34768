"""Layout functions, one for each kind of page: `make(ctx) -> Sheet`."""
