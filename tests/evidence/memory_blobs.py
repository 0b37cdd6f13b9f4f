"""The store of a log that lives as long as a test."""


class MemoryBlobs:
    """A log's store without a disk."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def put(self, name: str, content: bytes) -> None:
        self.held[name] = content

    def get(self, name: str) -> bytes:
        return self.held[name]

    def exists(self, name: str) -> bool:
        return name in self.held

    def remove(self, name: str) -> None:
        self.held.pop(name, None)

    def list(self, prefix: str) -> list[str]:
        return sorted(name for name in self.held if name.startswith(prefix))
