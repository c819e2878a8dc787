"""Networks: immutable layers with a decision, their size, composition and files."""

from rote.network.activation import Activation as Activation
from rote.network.columns import Columns as Columns
from rote.network.decision import ArgMax as ArgMax
from rote.network.decision import Bits as Bits
from rote.network.decision import Decision as Decision
from rote.network.decision import Nearest as Nearest
from rote.network.decision import Sign as Sign
from rote.network.decision import Value as Value
from rote.network.layer import Affine as Affine
from rote.network.layer import Layer as Layer
from rote.network.layer import Residual as Residual
from rote.network.network import Network as Network
from rote.network.network import Provenance as Provenance
from rote.network.size import Size as Size
