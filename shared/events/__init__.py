"""Events between the services: how they are written, and who hears them."""
