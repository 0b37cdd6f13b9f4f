"""A node to try out: a sample city, two witnesses, a sample timestamp authority and a sample legal desk, on this machine.

Everything runs as child processes that are spoken to as a stranger would: through the `tocsin` program and HTTP. Nothing here is safe
for real use, because one machine holds what in earnest stands apart: the node, its witnesses, and the legal desk's identity.
"""
