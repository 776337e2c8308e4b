"""Random single-operator models with the answers of the tflite-micro interpreter; see ../conformance.py."""
