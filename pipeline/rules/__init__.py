"""Rules, one module a stage: what people come to change. Each module ends in `RULES`, an ordered tuple."""
