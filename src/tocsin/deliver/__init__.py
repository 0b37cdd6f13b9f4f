"""Deliver: how a signed object leaves the node, by every channel at once, none waiting for another.

For rooms, this is all of it:

    outbox.put(connection, message, release)      in your own transaction: a row for each channel, all of them or none
    outbox.withdraw(connection, message_id)       what is not sent yet is not sent any more (before a cancel of it)
    await outbox.run()                            the loops, one a channel; the composition root starts them
    outbox.done                                   called with (message id, channel, ms) after each: how long a correction took
    hub.show(message), await hub(scope, receive, send), hub.place   the live stream (`sse`)
    endpoint = allowed.endpoint_of(told)          reads what a browser's PushSubscription says, refuses foreign hosts (`endpoint`)
    await sender.send(endpoint, payload, ttl_s=60)           one push, endpoint in memory alone (`webpush`)

* `model.Message` is what is sent: a random id, the bytes of a signed object that nothing here ever interprets (one line of UTF-8),
  what it is (`Kind`), when it ends, which zones. `model.Release` are the one-use marks of the two people who released it: `put`
  takes nothing without them.
* `channel.Channel` is a name and `async send(message, turn)`. What it raises is tried again, ever later, until the message ends;
  `ChannelDown` says when. A channel that is down delays itself alone.
* At least once: a phone or a reader drops what it has seen, by the number inside the signed object.

Outside channels carry a pointer (`channel.POINTER`), never an area, a kind or an hour (rule 10). A phone believes the city key's
signature and nothing else: who has every credential of every channel can send noise, and no client of ours shows it as ours.

Never stored: who got what, when anybody subscribed, an endpoint in clear, which endpoint wants which zone.
"""
