"""Leaks that are planted on purpose, one switch each, and what an attack must find of each.

A leak is code that somebody could have written in good faith. It is put into the trial's own node process before it starts
(`node_process.py`); the product knows nothing of it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.seizure.leaks import at_rest, in_memory, in_order
from tocsin.settings import Settings

Mark = tuple[str, str, str]


KEY_IN_ENVIRONMENT, SIZES_UNPADDED = "key-in-environment", "sizes-unpadded"
"""These two need the trial's help from outside the process."""


class Leak(NamedTuple):
    """`plant(settings)` changes the running program. `mark` is level, kind and place of the finding that shows it."""

    name: str
    mark: Mark
    plant: Callable[[Settings], None]
    group: int
    """Leaks of one group are planted together; the first group is the short form's."""


LEAKS = (
    Leak("access-log", ("L5", "address", "said"), at_rest.access_log, 1),
    Leak("digest-of-a-phone", ("L2", "phone", "disk"), at_rest.digest_of_a_phone, 1),
    Leak("row-order", ("L4", "order", "row_number"), in_order.row_order, 1),
    Leak("plaintext-temporary-file", ("L1", "sent by mistake", "disk"), at_rest.temporary_file, 1),
    Leak("capability-in-a-log-line", ("L5", "capability", "said"), at_rest.capability_in_a_log_line, 1),
    Leak("slot-not-erased", ("L3", "erased", "erase.keys"), in_memory.slot_not_erased, 1),
    Leak("user-agent-column", ("L1", "agent", "disk"), at_rest.user_agent_column, 1),
    Leak("query-string-kept", ("L1", "asked", "memory"), in_memory.query_kept, 1),
    Leak("traceback-with-body", ("L5", "sent by mistake", "said"), at_rest.traceback_with_body, 2),
    Leak("moments-in-a-table", ("L1", "moment", "disk"), at_rest.moments_in_a_table, 2),
    Leak("picture-with-its-place", ("L1", "place", "disk"), at_rest.picture_with_its_place, 2),
    Leak("slots-in-order", ("L4", "order", "slot low"), in_order.slots_in_order, 2),
    Leak("words-in-memory", ("L1", "words", "memory"), in_memory.words_kept, 2),
    Leak("share-in-memory", ("L1", "share", "memory"), in_memory.share_kept, 2),
    Leak(KEY_IN_ENVIRONMENT, ("L1", "identity", "environment"), at_rest.key_in_environment, 2),
    Leak("leaf-in-a-column", ("L4", "leaf", "leaf"), in_order.leaf_in_a_column, 2),
    Leak("receipts-on-disk", ("L1", "receipt", "disk"), at_rest.receipts_on_disk, 3),
    Leak("memory-dumped", ("L1", "capability", "disk"), in_memory.memory_dumped, 3),
    Leak("backup-without-seal", ("L1", "erased", "disk"), at_rest.backup_without_seal, 3),
    Leak("address-at-the-witness", ("L1", "address", "witness state"), at_rest.address_at_the_witness, 3),
    Leak("file-of-its-own", ("L4", "moment", "file time"), at_rest.file_of_its_own, 3),
    Leak("leaves-unshuffled", ("L4", "leaf", "log"), in_order.leaves_unshuffled, 3),
    Leak(SIZES_UNPADDED, ("L4", "size", "frame"), in_order.sizes_unpadded, 3),
    Leak("head-unsalted", ("L2", "moment", "custody heads"), in_order.head_unsalted, 3),
)
SHORT_GROUP = 1


def plant(names: Sequence[str], settings: Settings) -> None:
    """Put the named leaks into this process."""
    for leak in LEAKS:
        if leak.name in names:
            leak.plant(settings)
