"""The registry: who builds, sells, resells, buys, deploys and rules on surveillance technology, as sourced claims.

What it does: keeps statements (`model.Statement`) that are never overwritten; shows each value with its source, date and verb class,
contradictions side by side; searches names, phrases and filters without a search server; takes in
USAspending's files and hands out JSON, CSV and Atom; other formats are still to come.
Use `record.record` to put rows in, `queries` and `search` to read, `judge.judge` to say that two entities are the same or not.

What it never stores: a natural person (rows that would make one are held back at the door, without the name), who reads or searches,
what was searched, who recorded a claim.
"""
