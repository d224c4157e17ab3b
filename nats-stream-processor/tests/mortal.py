"""The command with a model that a text can kill (FATAL) or keep busy for minutes (SLOW), where LONGEST_CALL may say how
many seconds are allowed."""

import os
import signal
import time
from collections.abc import Sequence
from typing import Any

from nats_stream_processor import processor
from nats_stream_processor.__main__ import main
from nats_stream_processor.engine import Engine

predict: Any = Engine.predict


def mortal(engine: Engine, texts: Sequence[str], *more: Any) -> Any:
    if any("FATAL" in text for text in texts):
        os.kill(os.getpid(), signal.SIGKILL)
    if any("SLOW" in text for text in texts):
        time.sleep(300)
    return predict(engine, texts, *more)


Engine.predict = mortal  # type: ignore[method-assign]
processor.LONGEST_CALL = float(os.environ.get("LONGEST_CALL", processor.LONGEST_CALL))
if __name__ == "__main__":
    main()
