"""What the library costs: time, memory, requests to Node.js, resources. See docs/benchmarks.md."""
