"""How an autoscaler's settings follow a burst of posts: `python -m charts.autoscaling`."""
