"""The command `mock-ingest`."""

from pipeline_core.service import Service, run
from pipeline_core.settings import load

from mock_ingest.firehose import serve_firehose
from mock_ingest.publish import publish
from mock_ingest.settings import MockSettings


async def work(service: Service[MockSettings]) -> None:
    """What the mode asks for."""
    if service.settings.mode == "firehose":
        await serve_firehose(service)
    else:
        await publish(service)


def main() -> int:
    """Run the command; its exit code."""
    return run(work, load(MockSettings))
