"""The type of NumPy arrays in signatures; docstrings give their shapes."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
