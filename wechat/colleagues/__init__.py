"""Colleagues in WeChat: binding by a one-time code, silent log-in, notices to their phones."""
