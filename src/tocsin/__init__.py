"""Tocsin: self-hosted software with which a city's people protect each other and hold the machinery of surveillance to account.

Layers, lowest first: `errors`, `clock`, `ids`, `settings`; `crypto`; `store`; `tlog`; `evidence`, `people`, `web`,
`jurisdictions`; the rooms; `node`, `app`, `cli`. A layer imports only lower ones, and no room imports another.
"""

__version__ = "0.1.0"
