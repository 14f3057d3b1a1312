"""What an archive's files look like: a known source, or a mapping that a user writes in YAML."""

from pydantic import Field, field_validator

from esmlearn.settings.base import Block, Interval, Units


class VariableSettings(Block):
    """One quantity of a source; `{variable}` in a name stands for the name of the quantity's variable."""

    standard_name: str | None = Field(None, description="CF standard name; default: the one in the file")
    units: Units | None = Field(None, description="units, in place of those in the file")
    error: tuple[str, ...] = Field(
        (), description="variable with the standard deviation of the error; the first one that a file has counts"
    )
    bias: str | None = Field(None, description="variable with the bias, which is subtracted")
    quality: str | None = Field(None, description="variable with the quality level")


class SourceSettings(Block):
    """The form of a source: the same keys for those that esmlearn knows and for a mapping of your own."""

    title: str = Field("files of the user", description="what it is, in words")
    attributes: dict[str, str] = Field(
        {}, description="to recognise it: global attributes, each with a regular expression that must be found in it"
    )
    variables: dict[str, VariableSettings] = Field(
        {}, description="its quantities by the name of their variable; the first one that a file has is the default"
    )
    time: str | None = Field(None, description="variable of time; default: found by CF attributes or name")
    lat: str | None = Field(None, description="variable of latitude; default: found by CF attributes or name")
    lon: str | None = Field(None, description="variable of longitude; default: found by CF attributes or name")
    depth: str | None = Field(None, description="variable of depth; default: found by CF attributes or name")
    time_offset: str | None = Field(None, description="variable with the seconds between `time` and each observation")
    keep: tuple[int, ...] = Field((), description="quality levels that are kept; none: all")
    reject: dict[str, str] = Field(
        {},
        description="variables with flags, each with a regular expression: where a flag that it names is set, no value",
    )
    fill: tuple[float, ...] = Field((), description="further values that mean missing")

    @field_validator("variables", mode="before")
    @classmethod
    def _empty_is_default(cls, variables: object) -> object:
        """Accept a name without further keys, such as ``sst:``."""
        if isinstance(variables, dict):
            return {name: {} if given is None else given for name, given in variables.items()}
        return variables


class FormatSettings(Block):
    """What `esmvaltool learn format` takes of an archive."""

    variable: str | None = Field(None, description="name of the quantity in the files; default: the source's main one")
    quality: tuple[int, ...] | None = Field(None, description="quality levels to keep; default: as the source advises")
    bias: bool = Field(True, description="whether to subtract the bias that comes with each value")
    region: tuple[float, float, float, float] | None = Field(
        None, description="western and eastern longitude, southern and northern latitude, degrees; default: all"
    )
    step: float | None = Field(
        None, gt=0, description="put all values on a regular grid with this step, degrees; default: only swaths"
    )
    interval: Interval | None = Field(
        None,
        description="what each value stands for where files don't tell or are wrong: day, mon; default: as they tell",
    )
    kind: str = Field("sat", description="ESMValCore's facet `type`: sat, reanaly, insitu, ground")

    @field_validator("quality", mode="before")
    @classmethod
    def _one_is_a_list(cls, quality: object) -> object:
        """Accept one level: a list of one number is a number for the command line."""
        return (quality,) if isinstance(quality, int) else quality
