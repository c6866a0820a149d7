"""The steps of a run: reading, a step for each stage, publishing, and the report; `chain.py` puts them in a row."""
