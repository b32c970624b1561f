"""What travels between jobs: our documents, the statement around them, facts as read back."""
