"""`python -m gke_cluster` does what the command does."""

from gke_cluster.cli import main

if __name__ == "__main__":
    main()
