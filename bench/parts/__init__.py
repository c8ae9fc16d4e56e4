"""What a bench runs in a process of its own: one module per process, told what to do by `bench.child`."""
