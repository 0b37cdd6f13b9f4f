"""What a node holds and never holds, by classes: the one source of `tocsin disclose --describe`.

A rule test holds `HELD` to `docs/inventory.md`, which another holds to the tables in the code: every stored thing belongs to exactly
one class. `NEVER` names for each promise the classes of truth that `./run seizure` plants and looks for. Keys are those of the
sentences in `locales`. A star stands for anything: for a room all of whose columns are one class.
"""

HELD: dict[str, tuple[str, ...]] = {
    "disclose.held_sealed": ("recording.header", "frame.recording_id", "frame.number", "frame.length", "folder/segments/*"),
    "disclose.held_order": ("frame.segment", "frame.offset", "indexed_to.id", "indexed_to.segment", "indexed_to.offset"),
    "disclose.held_envelopes": (
        "recording.box", "recording.slot", "recording.share_state", "hold.box", "hold.slot", "folder/erase.keys",
    ),
    "disclose.held_capabilities": (
        "recording.upload_digest", "recording.owner_digest", "recording.custody_public", "recording.locator_digest",
    ),
    "disclose.held_standing": ("recording.id", "recording.kind", "recording.state", "recording.covered_seq"),
    "disclose.held_days": ("recording.day",),
    "disclose.held_holds": (
        "hold.recording_id", "hold.day", "hold.reason", "hold.signed", "statement.digest", "statement.signed", "statement.day",
    ),
    "disclose.held_staff": (
        "staff.id", "staff.pseudonym", "staff.folded", "staff.roles", "staff.recipient", "staff.signing_key", "staff.salt",
        "staff.state", "staff.left_day", "staff_door.id", "staff_door.staff_id", "staff_door.kind", "staff_door.credential",
        "staff_door.public", "staff_door.salt", "staff_door.sealed", "staff_door.day", "staff_invitation.digest",
        "staff_invitation.staff_id", "staff_invitation.pseudonym", "staff_invitation.folded", "staff_invitation.roles",
        "staff_invitation.is_founding", "staff_invitation.until_day", "sessions of staff",
    ),
    "disclose.held_log": (
        "public_entry.digest", "public_entry.kind", "public_entry.entry", "public_entry.leaf", "public_entry.tree_size",
        "public_entry.cosigned_size", "public_entry.nth", "public_entry.beat", "folder/log/*", "folder/published.json",
        "folder/ended-log/*",
        "witness state",
    ),
    "disclose.held_keys": ("folder/keys/*", "runtime/*"),
    "disclose.held_work": ("work.id", "work.kind", "work.due_ms", "work.leased_until_ms", "work.tries", "work.payload"),
    "disclose.held_operation": (
        "folder/tocsin.sqlite*", "folder/inbox/*", "folder/out/*", "folder/checked.json", "folder/backed-up.json", "folder/node.toml",
        "folder/ballast",
        "standard error",
    ),
    "disclose.held_desk": ("desk_item.*", "desk_paper.*", "what waits at the desk", "phone/tocsin.draft.*"),
    "disclose.held_passport": ("passport_key.*", "passport_spent.*", "passport_issued.*", "passport_code.*"),
    "disclose.held_registry": ("registry_*",),
    "disclose.held_alerts": ("alerts_*",),
    "disclose.held_messages": ("push_subscription.*", "outbox_message.*", "outbox_row.*", "fediverse_server.*", "fediverse_note.*"),
    "disclose.held_calls": ("who is on duty", "calls"),
    "disclose.held_circles": ("circle_place.*", "circle_door.*", "how often a circle was told", "when circles were begun"),
    "disclose.held_backup": ("a backup",),
    "disclose.held_counts": ("counts by code", "error ids", "the probe's last success"),
    "disclose.held_memory": (),
    "disclose.held_phone": (
        "phone/tocsin-unsent", "phone/tocsin.desk-keys", "phone/tocsin.leave", "phone/tocsin.sound", "phone/tocsin.name",
        "phone/tocsin-passport", "phone/tocsin.push", "phone/push", "phone/tocsin.circle", "phone/circle",
        "phone/release-*",
    ),
}  # fmt: skip
"""`disclose.held_memory` is what is never stored and is there all the same while it is used (THREATS.md, T2)."""

NEVER: dict[str, tuple[str, ...]] = {
    "disclose.never_people": ("A-number", "name", "phone", "e-mail", "plate", "language"),
    "disclose.never_connection": ("address", "agent", "asked", "sent by mistake"),
    "disclose.never_place": ("place",),
    "disclose.never_hour": ("moment", "receipt", "order"),
    "disclose.never_link": (
        "taker",
        "same person",
        "leaf",
        "vouch",
        "token",
        "in a circle",
        "call number",
        "shift handle",
    ),
    "disclose.never_content": ("note", "recorded", "size", "said on a call", "told the desk", "told a circle"),
    "disclose.never_endpoint": ("endpoint",),
    "disclose.never_keys": ("recording key", "capability", "identity", "locator", "share", "words"),
    "disclose.never_erased": ("erased",),
}
