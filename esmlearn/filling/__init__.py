"""One call from observations with gaps to a filled field, without recipe and without training."""

from esmlearn.filling.fill import Filled, fill
from esmlearn.filling.write import write_filled
