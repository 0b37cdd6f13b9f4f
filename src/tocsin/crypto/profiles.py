"""Parameters of every primitive, named and cited once. Nothing else in the house holds such a number."""

RECORDING_LABEL = b"tocsin.recording/v1"
RECORDING_LINE = b"tocsin.recording/v1 hkdf-sha256 aes-256-gcm ed25519\n"
CUSTODY_LABEL = b"tocsin.custody/v1"

RECORDING_ID_BYTES = 16
KEY_BYTES = 32
"""AES-256, Ed25519, X25519 and SHA-256 all have it."""
SALT_BYTES = 24
NONCE_BYTES = 12
"""AES-GCM, RFC 5116 section 5.1."""
TAG_BYTES = 16
SIGNATURE_BYTES = 64
"""Ed25519, RFC 8032 section 5.1.6."""

CHUNK_OVERHEAD = 8 + 1 + KEY_BYTES + SIGNATURE_BYTES
"""seq, flags, previous link and signature around a ciphertext."""
INNER_HEAD = 1 + 8 + 4
INNER_FLOOR = 1024
"""The smallest padded inner message: an event looks like a quiet second of sound."""
INNER_LIMIT = 1024 * 1024
CHUNK_LIMIT = INNER_LIMIT + TAG_BYTES + CHUNK_OVERHEAD
SLICE_LIMIT = 256 * 1024
"""A writer splits anything longer, so that one late slice is not one lost slice."""

CHUNK_NOTE_BYTES = 224
NOTE_STEP_BYTES = 512
NOTES_PER_SESSION = 4096

WORDS_SALT_LABEL = b"tocsin.words/v1"
WORDS_COUNT = 7
"""7 of 2,048 words are 77 bits."""
WORDS_ARGON2_TIME = 3
WORDS_ARGON2_MEMORY_KIB = 64 * 1024  # 64 MiB: RFC 9106 section 4, second recommended option
WORDS_ARGON2_LANES = 1
WORDS_OUTPUT_BYTES = 64
