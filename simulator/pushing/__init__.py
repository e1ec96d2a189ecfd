"""The push engine: writing pushes down, deliveries, what is answered, and trouble on the way."""
