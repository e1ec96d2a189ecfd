"""A stand-in for the WeChat platform, in its own process; no part of the product and none of its code."""
