"""One call from observations with gaps to a filled field, without recipe and without training."""

from esmlearn.filling.fill_gaps import fill
from esmlearn.filling.filled import Filled
from esmlearn.filling.write import write_filled
