"""Any Python program explained: builds on trace.py. To be skipped at first reading."""
