"""Alerts: a report is nobody's; nothing is public until two trained people of two cohorts looked; what is public can be taken back.

What it does: takes reports made of closed lists; lets one dispatcher at a time look after a matter; asks at most four confirmers at
once whether they are in an area and free; publishes, by one verb, a signed alert (`crypto.alert`) when two voices and two people who
release agree, with its place in the outbox in the same transaction; takes it back; forgets everything within the hour of its end.

What it never stores: who reported, confirmed or released (what two stewards could open dies with the epoch); a place finer than an
area; a text or picture in clear, or of a decided report at all; who is on duty; a name, a home, a plate. Where the jurisdiction pack
does not turn alerts on, every address answers 404.
"""
