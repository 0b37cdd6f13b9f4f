"""Strange input, by the second in the tests and by the hour from `./run fuzz` (docs/run/fuzz.md)."""
