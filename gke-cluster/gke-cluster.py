"""`python gke-cluster.py` does what the command `gke-cluster` does, from this folder, installed or not."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "src"))

from gke_cluster.cli import main

if __name__ == "__main__":
    main()
