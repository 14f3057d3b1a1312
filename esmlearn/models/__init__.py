"""Networks and their blocks: tensors in, tensors out; they read no file and depend on no dataset."""
