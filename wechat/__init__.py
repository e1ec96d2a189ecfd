"""公众号 gateway: the push endpoint, the platform client, codes and welcomes."""
