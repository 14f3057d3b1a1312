"""Networks and their blocks: tensors in, tensors out; they know no file and no dataset."""
