"""What a recording proves: receipts, custody, sealed exports, packages and their verifier.

`receipt` and `custody` say what the node writes; `sealed`, `package` and `open` turn it into what a reader hands to a court;
`verify` checks that and shares nothing with the rest. Nothing here talks to a database or a network.
"""
