"""nettrain: train image classifiers from one YAML file and a folder of pictures, in NumPy."""

__version__ = "0.1.0"
