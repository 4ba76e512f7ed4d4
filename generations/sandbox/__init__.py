"""The sandbox: a server that answers as the four providers do, and makes real video files.

It is written from docs/wire.md alone, imports nothing else of the project, and is reached over HTTP
only. Run it with `python -m generations.sandbox`; tests run it with `Sandbox.running()`.

A request comes from `http` over `app` to a dialect in `providers/`, which checks the order and
makes a task. `engine` moves the task through its states, which `callbacks` reports; `clips/` makes
its files, which `files` serves. `directives` and `control` choose what goes wrong.
"""
