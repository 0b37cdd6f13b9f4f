"""Programs that run inside the sandbox, on a stranger's bytes. They import nothing of ours and are never imported."""
