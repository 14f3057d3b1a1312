"""Settings of the script `compare`."""

from pydantic import Field

from esmlearn.settings.base import Block


class CompareSettings(Block):
    """Settings of the script `compare`, which holds climate models against a reconstruction."""

    reference: str | None = Field(
        None, description="method whose reconstruction is the reference; default: the model, else the only method"
    )
    models: tuple[str, ...] | None = Field(
        None, description="datasets of the climate models; default: all that were not reconstructed"
    )
