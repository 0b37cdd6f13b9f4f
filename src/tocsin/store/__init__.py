"""What the node keeps, and what "kept" means: when a call here returns, its bytes survive a power cut.

* `db` tables on SQLite or PostgreSQL; `tables` their registry; `migrate` their versions; `work` durable timers.
* `segments` the append-only files of the chunks; `blobs` whole named files; `erase_keys` the keys whose overwriting erases.
* `key_custody` the node's own keys across restart and reboot; `ballast` the reserve for a full disk.
* `disk`, `group` the shared ways to be durable; `fail_points` the places where a trial may pull the plug.

Never: plaintext of a recording, a key that opens one, an address, a name. Deleting is never what protects anybody:
what must be gone is sealed under a key in `erase_keys`, and the key is overwritten.
"""
