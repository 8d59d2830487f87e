"""The HTTP door: JSON in and out, checked against the shapes that /openapi.json documents."""
