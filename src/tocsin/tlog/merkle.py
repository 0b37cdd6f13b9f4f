"""Merkle tree hashing and proofs of RFC 6962 section 2.1, verified as RFC 9162 sections 2.1.3.2 and 2.1.4.2 describe.

A tree is read through a `Reader`: `read(level, index)` answers the hash of the complete subtree of `2**level` leaves
that begins at leaf
`index << level`. Proofs are tuples of 32-byte hashes, lowest first.
"""

import base64
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import TypeAlias

from tocsin.errors import TocsinError

Hash: TypeAlias = bytes
Reader: TypeAlias = Callable[[int, int], Hash]

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


class ProofWrong(TocsinError):
    """The proof does not lead from what was claimed to the root."""

    code = "proof_wrong"
    status = 422
    message = "The proof does not hold: these bytes and this tree do not belong together."


def as_base64(part: Hash) -> str:
    """A hash as the C2SP formats spell it (RFC 4648 section 4)."""
    return base64.b64encode(part).decode()


def leaf_hash(entry: bytes) -> Hash:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    return sha256(b"\x01" + left + right).digest()


def reader_of(leaves: Sequence[Hash]) -> Reader:
    """A reader over leaf hashes in memory. For small trees: nothing is cached."""

    def read(level: int, index: int) -> Hash:
        hashes = list(leaves[index << level : (index + 1) << level])
        while len(hashes) > 1:
            hashes = [node_hash(a, b) for a, b in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    return read


def root(size: int, read: Reader) -> Hash:
    """Root hash of the first `size` leaves."""
    return _range(0, size, read) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: Reader) -> tuple[Hash, ...]:
    """Path from leaf `index` to the root of `size` leaves (RFC 6962 section 2.1.1). Raises `ValueError` outside the
    tree.
    """
    if not 0 <= index < size:
        raise ValueError("leaf outside the tree")
    return tuple(_path(index, 0, size, read))


def consistency_proof(old: int, new: int, read: Reader) -> tuple[Hash, ...]:
    """Proof that the first `old` of `new` leaves are unchanged (RFC 6962 section 2.1.2). Empty from 0 and between equal
    sizes.
    """
    if not 0 <= old <= new:
        raise ValueError("a tree does not shrink")
    return () if old in (0, new) else tuple(_subproof(old, 0, new, True, read))


def verify_inclusion(leaf: Hash, index: int, size: int, proof: Sequence[Hash], root_hash: Hash) -> None:
    """Raise `ProofWrong` unless `leaf` is at `index` of the tree of `size` leaves with this root."""
    if not 0 <= index < size or any(len(part) != HASH_BYTES for part in proof):
        raise ProofWrong
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    if len(proof) != inner + border:
        raise ProofWrong
    found = leaf
    for level, part in enumerate(proof):
        from_right = level < inner and not (index >> level) & 1
        found = node_hash(found, part) if from_right else node_hash(part, found)
    if found != root_hash:
        raise ProofWrong


def verify_consistency(old: int, new: int, old_root: Hash, new_root: Hash, proof: Sequence[Hash]) -> None:
    """Raise `ProofWrong` unless the tree of `new` leaves extends that of `old`. Nothing can be proven from size 0."""
    if not 0 < old <= new or any(len(part) != HASH_BYTES for part in proof):
        raise ProofWrong
    if old == new:
        if proof or old_root != new_root:
            raise ProofWrong
        return
    trailing = (old & -old).bit_length() - 1
    node, last = (old - 1) >> trailing, (new - 1) >> trailing
    # A complete old tree is a node of the new one, so its root stands for the proof's first hash.
    parts = [old_root, *proof] if old == 1 << trailing else list(proof)
    if not parts:
        raise ProofWrong
    old_found, new_found = _walk(node, last, parts)
    if (old_found, new_found) != (old_root, new_root):
        raise ProofWrong


def _walk(node: int, last: int, parts: Sequence[Hash]) -> tuple[Hash, Hash]:
    """Both roots that a consistency proof leads to (RFC 9162 section 2.1.4.2)."""
    old_found = new_found = parts[0]
    for part in parts[1:]:
        if last == 0:
            raise ProofWrong
        if node & 1 or node == last:
            old_found, new_found = node_hash(part, old_found), node_hash(part, new_found)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new_found = node_hash(new_found, part)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofWrong
    return old_found, new_found


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _range(low: int, high: int, read: Reader) -> Hash:
    """MTH(D[low:high]); `low` is a multiple of the subtree it begins."""
    count = high - low
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return read(level, low >> level)
    middle = low + _split(count)
    return node_hash(_range(low, middle, read), _range(middle, high, read))


def _path(index: int, low: int, high: int, read: Reader) -> list[Hash]:
    if high - low == 1:
        return []
    middle = low + _split(high - low)
    if index < middle:
        return [*_path(index, low, middle, read), _range(middle, high, read)]
    return [*_path(index, middle, high, read), _range(low, middle, read)]


def _subproof(old: int, low: int, high: int, is_known: bool, read: Reader) -> list[Hash]:
    """SUBPROOF of RFC 6962 section 2.1.2; `is_known`: the verifier holds the hash of D[low:high] already."""
    if old == high:
        return [] if is_known else [_range(low, high, read)]
    middle = low + _split(high - low)
    if old <= middle:
        return [*_subproof(old, low, middle, is_known, read), _range(middle, high, read)]
    return [*_subproof(old, middle, high, False, read), _range(low, middle, read)]
