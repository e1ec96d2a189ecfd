"""Made-up organisations and customers, as many as wanted: for benchmarks and the demo, the same ones for one seed."""
