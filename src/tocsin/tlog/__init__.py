"""The public log: an append-only Merkle tree whose heads outside witnesses cosign (C2SP tlog-*, RFC 6962, RFC 3161).

`Log` appends beats and proves entries; `note`, `checkpoint`, `tile`, `proof`, `cosignature` are the formats; `ask` is
the log's side of a
witness, `witness` the other side (a separate small process); `timestamp` speaks to time-stamping authorities; `audit`
follows any log by HTTP.

An entry that was acknowledged is never lost, moved or changed. A log that cannot prove its own tail does not start.
Nothing here knows what
an entry means beyond its type line, and no entry names a person or a place.
"""
