"""Sets of pages on their way to their readers: mailed, put into a folder or a bucket, and made when they are due."""
