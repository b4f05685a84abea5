"""What can go wrong with a vLLM server of our own."""


class VllmError(Exception):
    """The server cannot do what was asked; the message says why and what to do."""


class InstallError(VllmError):
    """Its environment could not be installed."""


class DeviceError(VllmError):
    """The machine has no device that it can run on."""


class AdapterError(VllmError):
    """An adapter is no adapter of this server's model, or is not known."""


class BusyError(VllmError):
    """Running answers did not end in time, or somebody else changes adapters now."""


class CanaryError(VllmError):
    """An adapter did not answer as it must; it was unloaded."""


class ServerError(VllmError):
    """The server does not run, does not answer, or answered with an error."""
