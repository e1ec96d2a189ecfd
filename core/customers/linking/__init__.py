"""Who is who: numbers, keys and evidence from every door, and which customers are one person."""
