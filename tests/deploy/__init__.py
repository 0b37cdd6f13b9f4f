"""Files that an operator puts on a machine: each promise they keep is read from them, and missed when it is taken out."""
