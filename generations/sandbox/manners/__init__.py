"""Manners: how real providers, their gateways and stores differ from their documents.

Each manner has a word, which stands in square brackets in a prompt or is chosen for all following
orders. `manner` says what a manner is. `states`, `results`, `amounts` and `failures` change what a
reply says, `codings` how it is written and sent; `interruptions` answer in its place; `links`
change addresses and files. `catalogue` has them all, `player` applies them where replies, callbacks
and files leave the sandbox, `pages` shows them.
"""
