"""A run: one batch, its plan, and its steps; what made their outputs, and the books of each.

`batch.py` says where a batch lies and what its input holds, `steps/` what each step makes, `plan.py` which of them are
done, `keys.py` what an output is made of, `books.py` whether documents in and documents out add up, `history.py` what
earlier batches left.
"""
