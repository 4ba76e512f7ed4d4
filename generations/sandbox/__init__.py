"""The pretend provider: a server that speaks as the providers' documents say.

It imports nothing of the rest of the project and is reached over HTTP only. Run it with
`python -m generations.sandbox`; tests run it in process with `Sandbox.running()`.
"""
