"""The circle: the few people that somebody chose, told within seconds, each in words of their own.

What it does: keeps, for each circle, fifteen places and two doors, all of one size whether anybody is there or not; at the tap opens
them in memory with what the phone hands over, and passes to each push service one message that only its receiver can read. A second
door opens with code words, from any browser, and can do one thing: tell.

What it never stores: who made a circle, who is in it, how many they are, what they are told, an endpoint in clear, a number, a name,
which rows belong together. What it never does: start anything on a phone, or answer anything of a place, a recording or a person
(`misuse.md`). What is said is sealed on the phone that made the circle and opened on the phone that is told (`docs/spec/circle.md`).

    Circles(database, clock, sender, quota, trials)      the room
    begin, fill, tell, look, change, end, keep, expire, try_out        its verbs, one file each
"""
