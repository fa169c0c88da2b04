"""What keeps the data whole: verifying, backing up and restoring, archiving, forgetting."""
