"""What is made of the charts' values and of the services' settings: `make charts`."""
