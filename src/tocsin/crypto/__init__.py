"""Bytes in, bytes out: sealing, signing and padding, held to public vectors.

Nothing here touches a disk, a socket, a clock or a generator; randomness comes in as bytes or as a `Clock`. Use `stream` for
recordings, `custody` for what the node writes and cannot read back, `envelope` for age files, `keys` for signatures.
Formats are stated in `docs/spec/` and never change under their version line.
"""
