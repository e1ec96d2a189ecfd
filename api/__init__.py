"""The HTTP door: builds the application, renders errors, answers health checks and documents itself."""
