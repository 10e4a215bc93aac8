"""What is read: files found, named or piped, and the documents in them."""
