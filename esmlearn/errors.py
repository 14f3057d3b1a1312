"""Errors that a user can mend: each message is one sentence on what was wrong and what to change."""


class EsmlearnError(Exception):
    """Base of all errors that a user of esmlearn can cause and mend; it may have several sentences."""

    def __str__(self) -> str:
        return " ".join(map(str, self.args))


class SettingsError(EsmlearnError):
    """A setting is unknown, impossible, or contradicts another one."""


class DataError(EsmlearnError):
    """The data lack something that is needed: units, period, ocean, observations."""


class WriteError(EsmlearnError, OSError):
    """A file can't be written: the disk is full or read-only, or files have a limit of size."""


class ModelFolderError(EsmlearnError):
    """A model folder is missing, incomplete, altered, or made for another task."""
