"""Named errors: each message is one sentence that says what was wrong and what to change."""


class EsmlearnError(Exception):
    """Base of all errors that a user of esmlearn can cause and can mend."""


class SettingsError(EsmlearnError):
    """A setting is unknown, impossible, or contradicts another one."""


class DataError(EsmlearnError):
    """The data lack what was asked of them: units, period, ocean, observations."""


class ModelFolderError(EsmlearnError):
    """A model folder is missing, incomplete, altered, or made for another task."""
