"""The push engine: deliveries, what is answered, and trouble on the way."""
