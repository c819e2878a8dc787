"""PyTorch: networks as modules with the same weights, and back. Needs the extra ``torch``."""

from rote.errors import DependencyError

try:
    from rote.export.torch.modules import TorchNetwork as TorchNetwork
    from rote.export.torch.read import from_torch as from_torch
    from rote.export.torch.write import to_torch as to_torch
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise DependencyError(
        "PyTorch is not installed. Install Rote with its extra: pip install 'rote[torch]'."
    ) from None
