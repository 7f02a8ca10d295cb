"""RIOS's compute worker, which its CW_SUBPROC starts by the name rios_computeworker. Needs RIOS_HOME."""
import rios_setup  # noqa: F401 - RIOS is found only after it
from rios.cmdline import rios_computeworker

rios_computeworker.mainCmd()
