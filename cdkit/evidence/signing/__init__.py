"""Signing facts, and checking who signed them. Each signer imports its own libraries, late."""
