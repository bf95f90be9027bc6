"""Channels that people are told through, on loopback: chats, a pager, a mailbox, a webhook.

Each speaks its vendor's wire and can be told to refuse, to hang, to break off. What was received stands in
`received.jsonl` and at GET /received.
"""
