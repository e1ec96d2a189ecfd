"""Notices to colleagues: kept, shown live, and sent to the bound WeChat; read state, quiet hours."""
